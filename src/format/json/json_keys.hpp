#pragma once

#include <warren/value.hpp>

#include <span>

namespace warren::format {

/// Find a key that stands twice.
/// in   members whose keys are text
/// out  the second of two equal keys; nullptr when each stands once
/// cost O(n) allocation and O(n log n) time for more than 16 members, whatever the keys are (a
///      hash table would let a peer choose keys that collide); no allocation for fewer
const Value* key_twice(std::span<const Member> members);

}  // namespace warren::format
