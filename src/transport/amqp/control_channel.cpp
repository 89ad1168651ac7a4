#include "transport/amqp/control_channel.hpp"

#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <utility>

namespace warren::transport {

void ControlChannel::send(const protocol::MessageView& message) {
    if (is_refused_ || !link_.up()) {
        return;
    }
    if (channel_ == 0) {
        const auto opened = link_.open_spare_channel(*this);
        if (!opened) {
            return;
        }
        channel_ = *opened;
    }
    (void)link_.core().basic_publish(
        channel_, {.exchange = message.exchange, .routing_key = message.routing_key},
        to_properties(message), message.body, message.headers);
    link_.touch();
}

void ControlChannel::close() noexcept {
    is_refused_ = false;
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
}

void ControlChannel::on_channel_event(const amqp::Event& event) {
    const auto* const closed = std::get_if<amqp::ChannelClosed>(&event);
    if (closed == nullptr) {
        return;
    }
    channel_ = 0;
    is_refused_ = true;
    if (link_.log() != nullptr && !std::exchange(is_reported_, true)) {
        link_.log()->warning("Servers are not told which calls are cancelled: " +
                             to_string(explain(*closed, link_.endpoint(), "A cancellation")));
    }
}

}  // namespace warren::transport
