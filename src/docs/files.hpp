#pragma once

#include <warren/error.hpp>

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace warren::docs {

/// A file that is made: its name below a directory, with slashes, and all that is in it.
struct OutputFile {
    std::string name;
    std::string content;
};

/// Make a directory with these files: it is there with all of them, or not at all.
/// in   directory: is not there yet, or empty
/// err  failed: says what is in the way, or what the system says; nothing is left behind
std::expected<void, Failure> write_files(const std::filesystem::path& directory,
                                         const std::vector<OutputFile>& files);

}  // namespace warren::docs
