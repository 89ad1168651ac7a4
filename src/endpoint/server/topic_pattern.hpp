#pragma once

#include <warren/error.hpp>

#include "endpoint/protocols/descriptor.hpp"

#include <expected>
#include <string_view>

// Names of queues as exchanges of type topic read them.                    [AMQP 0-9-1 3.1.3.3]
namespace warren::endpoint {

/// Whether a binding by this name takes other names, too.
bool is_topic_pattern(std::string_view name);

/// err  invalid_request: a queue that would get requests as replies
std::expected<void, Failure> check_reply_queue(const ProtocolDescriptor& protocol,
                                               std::string_view name);

}  // namespace warren::endpoint
