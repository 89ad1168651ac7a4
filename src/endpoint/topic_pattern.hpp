#pragma once

#include <warren/error.hpp>

#include <expected>
#include <string_view>

#include "endpoint/protocols/protocol.hpp"

// Names of queues as exchanges of type topic read them.                    [AMQP 0-9-1 3.1.3.3]
namespace warren::endpoint {

/// Whether a binding by this name takes other names, too.
bool is_topic_pattern(std::string_view name);

/// err  invalid_request: a queue that would get requests as replies
std::expected<void, Failure> check_reply_queue(const Protocol& protocol, std::string_view name);

}  // namespace warren::endpoint
