#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace warren::test {

/// A directory of a test's own, which goes with all that is in it.
class TemporaryDirectory {
public:
    TemporaryDirectory() : TemporaryDirectory{std::filesystem::temp_directory_path()} {}
    explicit TemporaryDirectory(const std::filesystem::path& parent) {
        std::string name = (parent / "warren-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::system_error{errno, std::generic_category(), "mkdtemp"};
        }
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const noexcept { return path_; }
    /// One in memory, where there is such a place: for what writes much and is to survive nothing.
    static std::filesystem::path fast_parent() {
        const std::filesystem::path memory = "/dev/shm";
        std::error_code error;
        return std::filesystem::is_directory(memory, error)
                   ? memory
                   : std::filesystem::temp_directory_path();
    }
    /// The path of a file in it.
    std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace warren::test
