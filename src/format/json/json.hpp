#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::format {

enum class JsonNumbers : std::uint8_t {
    finite,  // [RFC 8259]
    python,  // and NaN, Infinity and -Infinity, as Python's `json` reads and writes them
};

struct JsonLimits {
    std::size_t depth_max = core::Limits{}.nesting_depth_max;      // a bare scalar has depth 0
    std::size_t value_count_max = core::Limits{}.value_count_max;  // keys are not counted
    JsonNumbers numbers = JsonNumbers::finite;
};

/// Decode one JSON document, strictly.                                            [RFC 8259]
/// in   text: the whole document; UTF-8, no byte order mark, no comments, no trailing comma
/// out  a value viewing both `arena` and `text` (strings without escapes stay where they are), so
///      both must outlive it; "-0" is the integer 0; a number with a fraction or an exponent is a
///      float, rounded to nearest, and every other one an integer
/// err  DecodeError, see there; the arena then holds some garbage until its next reset
/// cost O(bytes), and O(n log n) for an object of n > 16 keys; stack O(depth_max); small documents
///      (some 60 values that wait for their list or object) allocate nothing but from the arena
///      throws nothing but std::bad_alloc                                          thread any
std::expected<Value, DecodeError> json_decode(std::string_view text, Arena& arena,
                                              const JsonLimits& limits = {});

/// Append a value as JSON: compact, UTF-8 as it is, shortest floats that read back the same and
/// stay floats ("1.0"), bytes as standard base64 text, integer keys as decimal text.
/// err  EncodeError, and `out` as it was before
/// cost O(bytes), no allocation but the growth of `out`                            thread any
std::expected<void, EncodeError> json_encode(const Value& value, std::string& out,
                                             const JsonLimits& limits = {});

/// As `json_encode`, for people: two spaces per level, one member or item on each line.
std::expected<void, EncodeError> json_encode_pretty(const Value& value, std::string& out,
                                                    const JsonLimits& limits = {});

/// As `json_encode`, as Python's `json.dumps` does it unless told otherwise, to the byte: spaces
/// after commas and colons, nothing but ASCII, floats as Python shows them.
std::expected<void, EncodeError> json_encode_python(const Value& value, std::string& out,
                                                    const JsonLimits& limits = {});

/// Append a text as a JSON string, with its quotes.
/// in  valid UTF-8
void json_append_string(std::string& out, std::string_view text);

}  // namespace warren::format
