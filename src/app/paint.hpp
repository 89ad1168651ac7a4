#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::app {

/// What a text says by its colour, beside its words.
enum class Tone : std::uint8_t { plain, heading, good, warning, bad, faint };

/// The text in its colour.                                        [ECMA-48, select graphic
/// rendition]
/// in   text: a terminal may get it
std::string painted(std::string_view text, Tone tone, bool has_color);

}  // namespace warren::app
