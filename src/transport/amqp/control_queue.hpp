#pragma once

#include <warren/arena.hpp>

#include "protocol/message_view.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/link.hpp"

#include <functional>
#include <string>

namespace warren::transport {

/// Where a server gets what is said of calls beside requests (protocol/control.hpp): a queue of its
/// own, which goes with the connection, consumed on a channel that nothing else depends on. Without
/// it the server serves as before, and why is logged once.
/// thread the I/O thread
class ControlQueue final : public ChannelUser {
public:
    using Receive = std::function<void(const protocol::MessageView& message)>;

    /// in   link: outlives this; key: of `protocol::control_key`, or empty: there is to be none
    ControlQueue(Link& link, std::string key, Receive receive);
    ControlQueue(const ControlQueue&) = delete;
    ControlQueue& operator=(const ControlQueue&) = delete;
    ~ControlQueue() { close(); }

    /// The connection is there.
    void open();
    /// It is gone, or not needed any more.
    void close() noexcept;

    /// Whether messages come, or will unless that is refused.
    bool is_open() const noexcept { return channel_ != 0; }

    void on_channel_event(const amqp::Event& event) override;

private:
    void open_later();

    Link& link_;
    const std::string key_;
    const Receive receive_;
    runtime::Executor::TimerId timer_ = 0;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    Declarations declarations_;
    bool is_reported_ = false;
    Arena arena_;
};

}  // namespace warren::transport
