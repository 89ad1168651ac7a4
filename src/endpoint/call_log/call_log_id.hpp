#pragma once

#include <string>
#include <string_view>

namespace warren::endpoint {

/// Under which id a call is in a log: its correlation id where that is a UUID, and otherwise a UUID
/// that is made of it, always the same one (version 5). [RFC 4122 section 4.3]
/// out  36 characters, in lower case
std::string call_log_id(std::string_view correlation_id);

/// For a call without a correlation id.
std::string fresh_call_log_id();

}  // namespace warren::endpoint
