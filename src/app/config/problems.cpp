#include "app/config/problems.hpp"

#include <algorithm>
#include <utility>

namespace warren::app {

void ConfigProblems::add(std::size_t line, std::string_view path, std::string message) {
    std::string text = file_;
    if (line != 0) {
        text += ":" + std::to_string(line);
    }
    text += ": ";
    if (!path.empty()) {
        text.append(path).append(": ");
    }
    // In their order from the start: clang takes a stable sort of libstdc++ 12 for deprecated.
    const auto place = std::ranges::upper_bound(problems_, line, {}, &Problem::line);
    problems_.insert(place, {line, text + message});
}

std::vector<std::string> ConfigProblems::lines() const {
    std::vector<std::string> texts;
    for (const Problem& problem : problems_) {
        texts.push_back(problem.text);
    }
    return texts;
}

}  // namespace warren::app
