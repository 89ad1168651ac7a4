#pragma once

#include <warren/type.hpp>
#include <warren/value.hpp>

#include <cstddef>

namespace warren::model {

/// How much memory an object takes that a value is bound to, about, beside the object itself: what
/// its lists, maps, texts and the like allocate.
/// in   value: as it came, so that it need not fit the type
/// out  never less than that; of unions in unions that take too long to look at the greatest number
/// cost O(value), of models as binding them; no allocation; stack O(depth)          thread any
std::size_t footprint(const Type& type, const Value& value) noexcept;

}  // namespace warren::model
