#pragma once

#include <string>
#include <string_view>

namespace warren::transport {

/// What the direct addresses of one node of a broker have in common. A broker that takes a reply to
/// one of them takes replies to all, whether or not the caller is still there; over one of a node
/// that it does not know, or that it cannot read, it closes the connection.
/// in   as in "amq.rabbitmq.reply-to.<base64 of a process identifier>.<key>"
///      [RabbitMQ, direct reply-to; Erlang external term format: NEW_PID_EXT, PID_EXT]
/// out  the node as it stands there, and whether the process has numbers as they were before
///      Erlang 26, which cannot read others of its own; empty: it cannot be read
std::string node_of(std::string_view direct_address);

}  // namespace warren::transport
