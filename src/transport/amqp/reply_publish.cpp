#include "transport/amqp/reply_publish.hpp"

#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"

namespace warren::transport {

std::expected<std::uint64_t, Failure> publish_reply(Link& link, amqp::ChannelNumber channel,
                                                    const protocol::MessageView& reply) {
    // A direct address counts as no queue, and everything for it would come back.
    const bool mandatory = !protocol::is_direct_reply(reply.routing_key);
    const auto number = link.core().basic_publish(
        channel,
        {.exchange = reply.exchange, .routing_key = reply.routing_key, .mandatory = mandatory},
        to_properties(reply), reply.body, reply.headers);
    if (!number) {
        return std::unexpected{explain(number.error(), "The reply")};
    }
    link.touch();
    return *number;
}

bool redirect(protocol::MessageView& reply) {
    if (reply.exchange.empty() || reply.routing_key.empty()) {
        return false;
    }
    reply.exchange = {};
    return true;
}

}  // namespace warren::transport
