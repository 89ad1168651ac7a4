#include "app/config/suggest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

/// How many letters must be changed, added or removed (Levenshtein's distance).
std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string suggest(std::string_view unknown, std::span<const std::string_view> known) {
    if (known.empty()) {
        return {};
    }
    const std::string_view nearest = *std::ranges::min_element(
        known, {}, [&](std::string_view candidate) { return edits(unknown, candidate); });
    // A third of the letters may be wrong: more is another word.
    if (edits(unknown, nearest) <= std::max<std::size_t>(1, nearest.size() / 3)) {
        return " (did you mean '" + std::string{nearest} + "'?)";
    }
    std::string text = " (known:";
    for (std::string_view candidate : known) {
        text.append(candidate == known.front() ? " '" : ", '").append(candidate).append("'");
    }
    return text + ")";
}

}  // namespace warren::app
