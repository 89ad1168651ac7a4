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
    void add(std::size_t line, std::string_view path, const std::string& message);

    /// Of a shape that others read without a word, what they pass over is a note.
    void tolerate() noexcept { is_tolerant_ = true; }
    bool is_tolerant() const noexcept { return is_tolerant_; }
    /// A problem; or, of such a shape, a note with what becomes of it.
    void add_tolerable(std::size_t line, std::string_view path, const std::string& message,
                       std::string_view consequence);
    const std::vector<std::string>& notes() const noexcept { return notes_; }

    /// "FILE:LINE: KEY.PATH", without what there is not.
    std::string source_location(std::size_t line, std::string_view path) const;

    /// One line of text each, by line number: "FILE:LINE: KEY.PATH: MESSAGE".
    std::vector<std::string> lines() const;

private:
    struct Problem {
        std::size_t line;
        std::string text;
    };

    std::string file_;
    bool is_tolerant_ = false;
    std::vector<std::string> notes_;
    std::vector<Problem> problems_;  // by line; of one line, in the order they were found
};

}  // namespace warren::app
