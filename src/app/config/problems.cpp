#include "app/config/problems.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <utility>

namespace warren::app {
namespace {

/// Keys and values of a file are any text, and are shown in a line.
std::string on_one_line(std::string text) {
    const bool is_plain =
        std::ranges::all_of(text, [](char letter) { return letter >= ' ' && letter <= '~'; });
    return is_plain ? text : core::text_for_display(text, std::string::npos);
}

}  // namespace

std::string ConfigProblems::source_location(std::size_t line, std::string_view path) const {
    std::string text = file_;
    if (line != 0) {
        text += ":" + std::to_string(line);
    }
    if (!path.empty()) {
        text.append(": ").append(path);
    }
    return text;
}

void ConfigProblems::add(std::size_t line, std::string_view path, const std::string& message) {
    // In their order from the start: clang takes a stable sort of libstdc++ 12 for deprecated.
    const auto after = std::ranges::upper_bound(problems_, line, {}, &Problem::line);
    problems_.insert(after, {line, on_one_line(source_location(line, path) + ": " + message)});
}

void ConfigProblems::add_tolerable(std::size_t line, std::string_view path,
                                   const std::string& message, std::string_view consequence) {
    if (!is_tolerant_) {
        return add(line, path, message);
    }
    notes_.push_back(on_one_line(source_location(line, path) + ": " + message + "; " +
                                 std::string{consequence}));
}

std::vector<std::string> ConfigProblems::lines() const {
    std::vector<std::string> texts;
    texts.reserve(problems_.size());
    for (const Problem& problem : problems_) {
        texts.push_back(problem.text);
    }
    return texts;
}

}  // namespace warren::app
