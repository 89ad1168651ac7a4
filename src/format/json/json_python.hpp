#pragma once

#include <string>
#include <string_view>

namespace warren::format {

/// Append a text as Python's `json.dumps` writes it: what is not printable ASCII as \u escapes,
/// of surrogate pairs over U+FFFF.
/// in  valid UTF-8
void json_append_python_string(std::string& out, std::string_view text);

/// Append a float as Python shows it: the fewest digits that read back the same, with an exponent
/// under 1e-4 and from 1e16 on.
/// in  finite
void json_append_python_float(std::string& out, double number);

}  // namespace warren::format
