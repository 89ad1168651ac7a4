#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>

namespace warren::endpoint {

/// A file that lines are appended to. One that was moved away, as by logrotate, is made anew.
/// thread one at a time
class AppendFile {
public:
    /// err  invalid_request: it cannot be opened or made
    static std::expected<AppendFile, Failure> open(std::string path);
    AppendFile(AppendFile&& other) noexcept;
    AppendFile& operator=(AppendFile&&) = delete;
    ~AppendFile();

    /// err  why it could not be written; the same line again goes on where this ended
    std::optional<std::string> write(const std::string& line);

private:
    AppendFile(std::string path, int descriptor) noexcept
        : path_{std::move(path)}, descriptor_{descriptor} {}

    bool is_moved() const noexcept;

    std::string path_;
    int descriptor_;
    std::size_t written_ = 0;  // of the line
};

}  // namespace warren::endpoint
