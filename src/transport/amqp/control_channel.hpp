#pragma once

#include "protocol/message_view.hpp"
#include "transport/amqp/link.hpp"

namespace warren::transport {

/// Where a client sends what it says of calls beside its requests (protocol/control.hpp): a channel
/// of its own, opened for the first message. Who may not send any loses this channel alone.
/// thread the I/O thread
class ControlChannel final : public ChannelUser {
public:
    /// in   link: outlives this
    explicit ControlChannel(Link& link) noexcept : link_{link} {}
    ControlChannel(const ControlChannel&) = delete;
    ControlChannel& operator=(const ControlChannel&) = delete;
    ~ControlChannel() { close(); }

    void send(const protocol::MessageView& message);
    /// The connection is gone, or not needed any more.
    void close() noexcept;

    void on_channel_event(const amqp::Event& event) override;

private:
    Link& link_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    bool is_refused_ = false;          // on this connection
    bool is_reported_ = false;
};

}  // namespace warren::transport
