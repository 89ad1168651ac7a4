#pragma once

#include <warren/error.hpp>
#include <warren/type.hpp>

#include <cstdint>
#include <vector>

namespace warren::model {

/// Fill an object with mock data that keeps to its contract: examples first, then defaults, then
/// generated values. The same seed gives the same object.
/// in   target: a default-constructed object of that type; may be null for `nothing`
/// out  what does not hold: a pattern or a demand in code can be too hard to guess, and then wants
///      an example in the description
std::vector<FieldError> mock(const Type& type, std::uint64_t seed, void* target);

}  // namespace warren::model
