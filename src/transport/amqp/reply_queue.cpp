#include "transport/amqp/reply_queue.hpp"

#include "core/uuid.hpp"
#include "protocol/returned_requests.hpp"

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

void ReplyQueue::make_topology() {
    const std::string unique = random_name();
    if (options_.reply_topology) {
        protocol::ReplyTopology wanted = options_.reply_topology(unique);
        address_ = std::move(wanted.address);
        topology_ = std::move(wanted.topology);
    } else {
        protocol::Queue queue{.exclusive = true, .auto_delete = true};
        if (is_durable()) {
            queue = {.name = options_.reply_queue, .durable = true};
            queue.arguments = Dynamic::map({{"x-expires", options_.reply_queue_expires.count()}});
        }
        topology_ = {.queues = {std::move(queue)}};
    }
    if (options_.returns_dropped) {
        return_key_ = protocol::accept_returns(topology_, unique);
    }
}

std::expected<void, Failure> ReplyQueue::ask(amqp::ConnectionCore& core,
                                             amqp::ChannelNumber channel,
                                             Declarations& declarations) {
    if (is_direct() && !is_configured()) {
        return declarations.consume(core, channel, {.queue = direct_reply_to, .no_ack = true});
    }
    make_topology();
    // Without a name this means the queue declared last.       [AMQP 0-9-1 1.7.2.3]
    const std::string& queue = topology_.queues.front().name;
    const auto asked = declarations.declare(core, channel, topology_, queue);
    // Two clients at one queue would get each other's replies.
    const bool is_kept = is_durable() && !is_configured();
    return asked ? declarations.consume(core, channel,
                                        {.queue = queue, .no_ack = !is_kept, .exclusive = is_kept})
                 : asked;
}

}  // namespace warren::transport
