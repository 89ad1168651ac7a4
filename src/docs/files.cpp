#include "docs/files.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace warren::docs {
namespace {

namespace fs = std::filesystem;

Failure files_failure(const fs::path& path, std::string_view why) {
    return {.code = Code::failed,
            .message = fmt::format("{}: {}", core::text_for_display(path.native()), why)};
}

Failure files_failure(const fs::path& path, int error) {
    return files_failure(path, std::generic_category().message(error));
}

std::expected<void, Failure> write_one(const fs::path& path, const std::string& content) {
    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    File file{std::fopen(path.c_str(), "wbx"), &std::fclose};
    if (!file) {
        return std::unexpected{files_failure(path, errno)};
    }
    const bool is_written =
        std::fwrite(content.data(), 1, content.size(), file.get()) == content.size();
    const int error = errno;
    if (std::fclose(file.release()) != 0 || !is_written) {
        return std::unexpected{files_failure(path, is_written ? errno : error)};
    }
    return {};
}

/// The new directory until it is complete: goes with all that is in it, unless it was given up.
class Unfinished {
public:
    explicit Unfinished(fs::path path) noexcept : path_{std::move(path)} {}
    ~Unfinished() {
        std::error_code ignored;
        if (!path_.empty()) {
            fs::remove_all(path_, ignored);
        }
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;

    void keep() noexcept { path_.clear(); }

private:
    fs::path path_;
};

std::expected<void, Failure> write_into(const fs::path& directory,
                                        const std::vector<OutputFile>& files) {
    for (const OutputFile& file : files) {
        const fs::path path = directory / file.name;
        std::error_code error;
        if (file.name.contains('/')) {
            fs::create_directories(path.parent_path(), error);
        }
        if (error) {
            return std::unexpected{files_failure(path.parent_path(), error.value())};
        }
        if (auto written = write_one(path, file.content); !written) {
            return written;
        }
    }
    return {};
}

/// The rights that a new directory has, where that of `mkdtemp` is its owner's alone.
void open_to_others(const fs::path& directory) noexcept {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    static_cast<void>(::chmod(directory.c_str(), 0777 & ~mask));
}

}  // namespace

std::expected<void, Failure> write_files(const fs::path& directory,
                                         const std::vector<OutputFile>& files) {
    std::error_code error;
    fs::path target = fs::absolute(directory, error).lexically_normal();
    if (!target.has_filename()) {
        target = target.parent_path();  // it ends with a slash
    }
    const fs::file_status status = fs::symlink_status(target, error);
    if (fs::exists(status) && (!fs::is_directory(status) || !fs::is_empty(target, error))) {
        return std::unexpected{files_failure(
            directory, error ? error.message() : "it is there already; name a new directory")};
    }
    std::string name = (target.parent_path() / ".warren-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) {
        return std::unexpected{files_failure(target.parent_path(), errno)};
    }
    Unfinished unfinished{name};
    if (auto written = write_into(name, files); !written) {
        // Of the place that the user named, not of the one that is gone.
        std::string& message = written.error().message;
        if (const std::size_t at = message.find(name); at != std::string::npos) {
            message.replace(at, name.size(), directory.native());
        }
        return written;
    }
    open_to_others(name);
    if (std::rename(name.c_str(), target.c_str()) != 0) {
        return std::unexpected{files_failure(directory, errno)};
    }
    unfinished.keep();
    return {};
}

}  // namespace warren::docs
