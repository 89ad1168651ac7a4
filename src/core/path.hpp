#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::core {

inline constexpr std::size_t path_bytes_max = 4095;         // "under 4096": PATH_MAX with its zero
inline constexpr std::size_t path_element_bytes_max = 254;  // "under 255"

enum class PathRoot : std::uint8_t { absolute, relative };

enum class PathError : std::uint8_t {
    empty,
    too_long,
    element_too_long,
    not_absolute,
    not_relative,
    not_normalized,
    null_byte,
};

/// The first rule of `AbsolutePath` or `RelativePath` that a text breaks; nullopt when none.
std::optional<PathError> check_path(std::string_view text, PathRoot root) noexcept;

/// The type of the field error, such as "path_empty", and its sentence.
std::string_view type_of(PathError error) noexcept;
std::string_view message_of(PathError error) noexcept;

}  // namespace warren::core
