#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "transport/amqp/link.hpp"

#include <cstdint>
#include <expected>

namespace warren::transport {

/// Publish a server's reply, so that it comes back when no queue takes it.
/// out  its publish sequence number, 0 without confirm mode
/// err  why it cannot be said in AMQP
std::expected<std::uint64_t, Failure> publish_reply(Link& link, amqp::ChannelNumber channel,
                                                    const protocol::MessageView& reply);

/// A reply that an exchange does not take, or no binding of it, goes straight to the queue of its
/// name, which every queue is bound by.                             [AMQP 0-9-1 3.1.3.1]
/// out  false: it has gone there
bool redirect(protocol::MessageView& reply);

}  // namespace warren::transport
