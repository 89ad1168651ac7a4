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
    problems_.push_back({line, text + message});
}

std::vector<std::string> ConfigProblems::lines() const {
    std::vector<Problem> sorted = problems_;
    std::ranges::stable_sort(sorted, {}, &Problem::line);
    std::vector<std::string> texts;
    for (Problem& problem : sorted) {
        texts.push_back(std::move(problem.text));
    }
    return texts;
}

}  // namespace warren::app
