#include "app/text_table.hpp"

#include "app/text_width.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t cell_bytes_max = 4096;
constexpr std::size_t gap = 2;
// A column that is wider gives way first; a narrower one stays, since it would say nothing.
constexpr std::size_t narrow_columns = 12;

std::size_t total_of(const std::vector<std::size_t>& widths) {
    return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) +
           gap * (widths.empty() ? 0 : widths.size() - 1);
}

/// Take from the widest, until all fits or none is wide any more.
void fit(std::vector<std::size_t>& widths, std::size_t columns) {
    while (!widths.empty() && total_of(widths) > columns) {
        const auto widest = std::ranges::max_element(widths);
        if (*widest <= narrow_columns) {
            return;
        }
        --*widest;
    }
}

/// How much of a text, in bytes, stands in a line of some columns: to the last space, or as much as
/// there is room for. At least one character.
std::size_t line_bytes(std::string_view text, std::size_t columns) {
    std::size_t used = 0;
    std::size_t space_at = 0;
    for (std::size_t at = 0; at < text.size();) {
        const core::Utf8Character character = core::utf8_character_at(text, at);
        used += columns_of_point(character.point);
        if (used > columns && at != 0) {
            return text[at] == ' ' ? at : (space_at != 0 ? space_at : at);
        }
        space_at = text[at] == ' ' ? at : space_at;
        at += character.size;
    }
    return text.size();
}

std::vector<std::string> lines_of(std::string_view text, std::size_t columns) {
    std::vector<std::string> lines;
    do {
        const std::size_t size = line_bytes(text, columns);
        lines.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
        text.remove_prefix(text.starts_with(' ') ? 1 : 0);
    } while (!text.empty());
    return lines;
}

/// A row as lines of the terminal, as many as its highest cell has.
void append_row(std::string& out, const std::vector<Cell>& cells,
                const std::vector<std::size_t>& widths, bool has_color) {
    std::vector<std::vector<std::string>> wrapped;
    std::size_t height = 1;
    for (std::size_t column = 0; column < cells.size(); ++column) {
        height = std::max(
            height, wrapped.emplace_back(lines_of(cells[column].text, widths[column])).size());
    }
    for (std::size_t line = 0; line < height; ++line) {
        std::size_t owed = 0;  // of spaces, of which none stand at an end
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string text =
                line < wrapped[column].size() ? wrapped[column][line] : std::string{};
            if (!text.empty()) {
                out.append(std::exchange(owed, 0), ' ');
                out += painted(text, cells[column].tone, has_color);
            }
            owed += widths[column] - std::min(widths[column], columns_of(text)) + gap;
        }
        out += '\n';
    }
}

}  // namespace

std::string text_table(const Table& rows, const TablePlace& place) {
    Table shown = rows;
    std::vector<std::size_t> widths;
    for (std::vector<Cell>& row : shown) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column) {
            Cell& cell = row[column];
            cell.text = core::text_for_display(cell.text, cell_bytes_max);
            cell.tone = &row == &shown.front() ? Tone::heading : cell.tone;
            widths[column] = std::max(widths[column], columns_of(cell.text));
        }
    }
    if (place.columns != 0) {
        fit(widths, place.columns);
    }
    std::string text;
    for (const std::vector<Cell>& row : shown) {
        append_row(text, row, widths, place.has_color);
    }
    return text;
}

}  // namespace warren::app
