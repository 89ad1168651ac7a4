#pragma once

#include <warren/value.hpp>

#include <expected>
#include <string>

namespace warren::app {

/// Append a value as YAML, in lines, which readers of YAML 1.1 and 1.2 read back as the same value:
/// a text that another reader would take for a number, a date, a truth value or nothing is quoted,
/// and what no terminal should get is an escape. Bytes are `!!binary`.          [YAML 1.1, 1.2.2]
/// err  what has no form: a text that is no UTF-8, a key that is no scalar; `out` as it was
std::expected<void, std::string> yaml_append(const Value& value, std::string& out);

}  // namespace warren::app
