#pragma once

#include <warren/value.hpp>

#include <optional>
#include <string>

namespace warren::format {

/// What is wrong with the first key of a value's maps that stands twice, or is no text where that
/// is wanted, such as ": the integer 7, which should be text, in the map at [3][0].limits".
/// out   nullopt: nothing
/// cost O(value), O(n log n) in a map of n keys; stack O(depth)
std::optional<std::string> msgpack_wrong_key(const Value& value, bool text_keys);

}  // namespace warren::format
