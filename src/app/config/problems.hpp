#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {

/// Everything that is wrong with one configuration file, collected while it is read.
class ConfigProblems {
public:
    explicit ConfigProblems(std::string file) : file_{std::move(file)} {}

    const std::string& file() const noexcept { return file_; }
    bool empty() const noexcept { return problems_.empty(); }

    /// in   line from 1, or 0 for the file as a whole; path such as "listeners[0].queue", or empty
    void add(std::size_t line, std::string_view path, std::string message);

    /// "FILE:LINE: KEY.PATH", without what there is not.
    std::string place(std::size_t line, std::string_view path) const;

    /// One line of text each, by line number: "FILE:LINE: KEY.PATH: MESSAGE".
    std::vector<std::string> lines() const;

private:
    struct Problem {
        std::size_t line;
        std::string text;
    };

    std::string file_;
    std::vector<Problem> problems_;  // by line; of one line, in the order they were found
};

}  // namespace warren::app
