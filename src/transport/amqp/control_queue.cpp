#include "transport/amqp/control_queue.hpp"

#include "amqp/reply_code.hpp"
#include "protocol/control.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <chrono>
#include <utility>

namespace warren::transport {
namespace {

// Who deletes the queue may go on deleting.
constexpr std::chrono::seconds reopening_pause{10};

}  // namespace

ControlQueue::ControlQueue(Link& link, std::string key, Receive receive)
    : link_{link}, key_{std::move(key)}, receive_{std::move(receive)} {}

void ControlQueue::open() {
    close();
    if (key_.empty()) {
        return;
    }
    const auto opened = link_.open_spare_channel(*this);
    if (!opened) {
        return open_later();
    }
    channel_ = *opened;
    amqp::ConnectionCore& core = link_.core();
    // Without a name this means the queue declared last.       [AMQP 0-9-1 1.7.2.3]
    (void)declarations_.declare(core, channel_,
                                protocol::Queue{.exclusive = true, .auto_delete = true});
    (void)declarations_.bind(
        core, channel_, {.exchange = std::string{protocol::control_exchange}, .routing_key = key_},
        {});
    (void)declarations_.consume(core, channel_, {.no_ack = true});
    link_.touch();
}

void ControlQueue::open_later() {
    timer_ = link_.executor().post_at(link_.executor().now() + reopening_pause, [this] {
        if (link_.up()) {
            open();
        }
    });
}

void ControlQueue::close() noexcept {
    link_.executor().cancel(timer_);
    declarations_.clear();
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
}

void ControlQueue::on_channel_event(const amqp::Event& event) {
    if (const auto* const delivery = std::get_if<amqp::Delivery>(&event)) {
        arena_.reset();
        return receive_(to_view(*delivery, arena_));
    }
    if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
        close();
        return open_later();
    }
    const auto* const closed = std::get_if<amqp::ChannelClosed>(&event);
    if (closed == nullptr) {
        declarations_.answered(event);
        return;
    }
    channel_ = 0;
    if (link_.log() != nullptr && !std::exchange(is_reported_, true)) {
        link_.log()->warning("This server does not hear of cancelled calls (control_route): " +
                             to_string(explain(*closed, link_.endpoint(), declarations_.oldest())));
    }
    declarations_.clear();
    // A permission may come with the next connection.
    if (closed->code != amqp::reply_code::access_refused) {
        open_later();
    }
}

}  // namespace warren::transport
