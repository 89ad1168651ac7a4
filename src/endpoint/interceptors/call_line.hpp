#pragma once

#include <warren/interceptor.hpp>

#include <string>

namespace warren::endpoint {

/// Who called what, with which end, as members of a JSON object on one line: `"method":"add",...`.
std::string call_members(const CallAtServer& call, const CallEnd& end);

}  // namespace warren::endpoint
