#pragma once

#include "app/paint.hpp"

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {

struct Cell {
    template <std::convertible_to<std::string> Text>
    Cell(Text&& cell_text) : text{std::forward<Text>(cell_text)} {}
    Cell(std::string cell_text, Tone cell_tone) : text{std::move(cell_text)}, tone{cell_tone} {}

    std::string text;
    Tone tone = Tone::plain;
};

/// Rows; the first one is the heading.
using Table = std::vector<std::vector<Cell>>;

/// Where a table goes.
struct TablePlace {
    std::size_t columns = 0;  // of the terminal; 0: it is none, and a line may have any length
    bool has_color = false;
};

/// Rows as text, their columns as wide as what is in them. Where that is more than a terminal has,
/// the widest get several lines. Bytes that no terminal should get are shown as escapes.
std::string text_table(const Table& rows, const TablePlace& place = {});

}  // namespace warren::app
