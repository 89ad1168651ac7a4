#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "protocol/moved_request.hpp"
#include "protocol/owned_message.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace warren::transport {

/// Puts requests into other queues of the broker, one after the other, on a channel of its own that
/// is opened for the first one: what the broker refuses costs that channel alone, and shows which
/// request it is. Each is confirmed, and returned where its queue is not there.
/// thread the I/O thread
class RequestMover final : public ChannelUser {
public:
    /// in   failed: null: the broker has it
    using OnMoved =
        std::move_only_function<void(runtime::DeliveryId delivery, const Failure* failed)>;

    /// in   link: outlives this. on_moved: not called inside of `move`
    RequestMover(Link& link, OnMoved on_moved);
    RequestMover(const RequestMover&) = delete;
    RequestMover& operator=(const RequestMover&) = delete;
    ~RequestMover();

    /// Whether the broker vouches for what is moved: a login with a user's name.
    bool can_move() const noexcept { return !user().empty(); }
    /// As whom this side logs in; empty: only the broker knows.
    std::string_view user() const noexcept;
    void move(runtime::DeliveryId delivery, const protocol::MessageView& request,
              const protocol::RequestMove& move);
    /// Send a message as it is.
    /// in   declared: a queue that may not be there
    void put(runtime::DeliveryId delivery, const protocol::MessageView& message,
             std::optional<protocol::Queue> declared = std::nullopt);
    bool is_idle() const noexcept { return waiting_.empty(); }
    /// The connection is gone: nothing more is heard of what was given.
    void down() noexcept;

    void on_channel_event(const amqp::Event& event) override;

private:
    struct Waiting {
        runtime::DeliveryId delivery;
        protocol::OwnedMessage message;
        std::optional<protocol::Queue> declared;
    };

    void send_soon();
    void send();
    std::expected<void, Failure> publish(const Waiting& next);
    void ended(const Failure* failed);

    Link& link_;
    OnMoved on_moved_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    std::deque<Waiting> waiting_;      // the first one is out, where `is_out_`
    bool is_out_ = false;
    bool is_send_due_ = false;
    std::optional<Failure> returned_;  // the one that is out
    std::shared_ptr<RequestMover*> life_ = std::make_shared<RequestMover*>(this);
};

}  // namespace warren::transport
