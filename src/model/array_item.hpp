#pragma once

#include <warren/type.hpp>

#include <cstddef>

namespace warren::model {

/// An item of a std::array, whose items stand behind one another.
inline void* array_item(const Type& array, void* object, std::size_t index) noexcept {
    return static_cast<std::byte*>(object) + index * array.element->size_bytes;
}
inline const void* array_item(const Type& array, const void* object, std::size_t index) noexcept {
    return static_cast<const std::byte*>(object) + index * array.element->size_bytes;
}

}  // namespace warren::model
