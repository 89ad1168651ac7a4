#pragma once

#include "core/limits.hpp"
#include "protocol/message_protocol.hpp"

#include <memory>

namespace warren::protocol {

/// JSON over one direct exchange per method: the exchange is the method's name, the routing key the
/// server's queue. A reply goes back through the exchange its request came by, to a queue that the
/// caller bound there under its own name. Direct reply-to names go to the default exchange.
///
/// A reply's body is {"success", "message", "data"}. What it cannot say, headers do, which the
/// Python programs of this protocol do not read: see `reply_headers.hpp`.
std::unique_ptr<MessageProtocol> make_cyberfusion_protocol(const core::Limits& limits = {});

}  // namespace warren::protocol
