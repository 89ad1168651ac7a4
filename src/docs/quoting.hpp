#pragma once

#include <warren/value.hpp>

#include <string>
#include <string_view>

// How a text is written where other programs read it, so that they get what it is, and people see
// all of it: nothing invisible is left.
namespace warren::docs {

/// One word of a shell (bash, zsh, ksh).
std::string shell_word(std::string_view text);
/// A string literal.
std::string python_text(std::string_view text);
std::string cpp_quoted(std::string_view text);

/// JSON on one line, or of what is long, on several.
std::string json_text(const Value& value);
std::string json_line(const Value& value);
/// The same as an expression of Python, its lines after the first indented.
std::string python_value(const Value& value, std::string_view indent);

}  // namespace warren::docs
