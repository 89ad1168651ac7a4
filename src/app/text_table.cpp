#include "app/text_table.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <ranges>

namespace warren::app {
namespace {

constexpr std::size_t cell_bytes_max = 4096;

/// How many characters a terminal shows, where each takes one place.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> shown;
    std::vector<std::size_t> widths;
    for (const std::vector<std::string>& row : rows) {
        std::vector<std::string>& cells = shown.emplace_back();
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column) {
            cells.push_back(core::text_for_display(row[column], cell_bytes_max));
            widths[column] = std::max(widths[column], width_of(cells[column]));
        }
    }
    std::string text;
    for (const std::vector<std::string>& cells : shown) {
        for (std::size_t column = 0; column < cells.size(); ++column) {
            text += cells[column];
            if (column + 1 != cells.size()) {
                text.append(widths[column] - width_of(cells[column]) + 2, ' ');
            }
        }
        text += '\n';
    }
    return text;
}

}  // namespace warren::app
