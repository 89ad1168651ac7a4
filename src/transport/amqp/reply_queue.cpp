#include "transport/amqp/reply_queue.hpp"

#include "core/uuid.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

namespace warren::transport {
namespace {

std::string random_name() {
    std::random_device random;
    std::array<std::uint8_t, 16> octets{};
    std::ranges::generate(octets, [&] { return static_cast<std::uint8_t>(random()); });
    return core::to_string(core::uuid_from_random(octets));
}

}  // namespace

ReplyQueue::ReplyQueue(AmqpClientOptions options) : options_{std::move(options)} {
    if (is_durable() && options_.reply_queue.empty()) {
        options_.reply_queue = "warren.reply." + random_name();
    }
}

std::expected<void, Failure> ReplyQueue::ask(amqp::ConnectionCore& core,
                                             amqp::ChannelNumber channel,
                                             Declarations& declarations) {
    if (options_.reply_topology) {
        return ask_as_configured(core, channel, declarations);
    }
    if (is_direct()) {
        return declarations.consume(core, channel, {.queue = direct_reply_to, .no_ack = true});
    }
    protocol::Queue queue{.exclusive = true, .auto_delete = true};
    if (is_durable()) {
        queue = {.name = options_.reply_queue, .durable = true};
        queue.arguments = Dynamic::map({{"x-expires", options_.reply_queue_expires.count()}});
    }
    const auto declared = declarations.declare(core, channel, queue);
    // Two clients at one queue would get each other's replies.
    // Without a name this means the queue declared last.       [AMQP 0-9-1 1.7.2.3]
    return declared ? declarations.consume(
                          core, channel,
                          {.queue = queue.name, .no_ack = !is_durable(), .exclusive = is_durable()})
                    : declared;
}

std::expected<void, Failure> ReplyQueue::ask_as_configured(amqp::ConnectionCore& core,
                                                           amqp::ChannelNumber channel,
                                                           Declarations& declarations) {
    protocol::ReplyTopology wanted = options_.reply_topology(random_name());
    address_ = std::move(wanted.address);
    topology_ = std::move(wanted.topology);
    const std::string& queue = topology_.queues.front().name;
    const auto asked = declarations.declare(core, channel, topology_, queue);
    return asked ? declarations.consume(core, channel, {.queue = queue, .no_ack = true}) : asked;
}

}  // namespace warren::transport
