#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::app {

/// How many columns of a terminal a character takes: none, one or two.
std::size_t columns_of_point(std::uint32_t point) noexcept;

/// The same of a text that a terminal may get.
std::size_t columns_of(std::string_view text) noexcept;

}  // namespace warren::app
