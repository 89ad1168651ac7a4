#include "app/site_directory.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

namespace fs = std::filesystem;

using Written = std::expected<void, std::string>;

// Names what was written, so that nothing else is taken away when it is written again.
constexpr const char* list_of_files = ".warren-docs";

std::unexpected<std::string> because(std::string what, const std::error_code& error) {
    return std::unexpected{std::move(what) + ": " + error.message()};
}

std::error_code last_error() {
    return {errno, std::generic_category()};
}

/// A directory beside the one that is to be, which goes when it is not wanted after all.
class NewDirectory {
public:
    explicit NewDirectory(const fs::path& target)
        : name_{(target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()} {
        if (mkdtemp(name_.data()) == nullptr) {
            error_ = last_error();
            return;
        }
        const mode_t hidden = umask(0);
        umask(hidden);
        chmod(name_.c_str(), 0777 & ~hidden);
    }
    ~NewDirectory() {
        if (!error_) {
            std::error_code ignored;
            fs::remove_all(name_, ignored);
        }
    }
    NewDirectory(const NewDirectory&) = delete;
    NewDirectory& operator=(const NewDirectory&) = delete;

    const std::error_code& error() const noexcept { return error_; }
    fs::path path() const { return name_; }

private:
    std::string name_;
    std::error_code error_;
};

Written write_file(const fs::path& path, std::string_view content) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        return because("cannot write " + path.string(), last_error());
    }
    while (!content.empty()) {
        const ssize_t written = write(file, content.data(), content.size());
        if (written < 0 && errno != EINTR) {
            const std::error_code error = last_error();
            close(file);
            return because("cannot write " + path.string(), error);
        }
        content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    // Some file systems say only here that there was no room.
    if (close(file) != 0) {
        return because("cannot write " + path.string(), last_error());
    }
    return {};
}

Written write_files(const fs::path& directory, const std::vector<docs::SiteFile>& files,
                    const std::stop_token& stop) {
    std::string names;
    for (const docs::SiteFile& file : files) {
        if (stop.stop_requested()) {
            return {};
        }
        const fs::path path = directory / file.path;
        std::error_code error;
        fs::create_directories(path.parent_path(), error);
        if (error) {
            return because("cannot make " + path.parent_path().string(), error);
        }
        if (auto written = write_file(path, file.content); !written) {
            return written;
        }
        names += file.path + '\n';
    }
    return write_file(directory / list_of_files, names);
}

/// Whether nothing would be lost.
Written check_replaceable(const fs::path& target) {
    std::error_code error;
    const fs::file_status status = fs::status(target, error);
    if (status.type() == fs::file_type::not_found) {
        return {};
    }
    if (!fs::is_directory(status)) {
        return std::unexpected{target.string() + " is there, and is no directory"};
    }
    std::set<std::string> ours{list_of_files};
    std::ifstream list{target / list_of_files};
    for (std::string line; std::getline(list, line);) {
        ours.insert(line);
    }
    for (fs::recursive_directory_iterator entry{target, error}, end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        const std::string name = entry->path().lexically_relative(target).string();
        if (entry->symlink_status(ignored).type() != fs::file_type::directory &&
            !ours.contains(name)) {
            return std::unexpected{target.string() + " holds " + name +
                                   ", which is not of a documentation: name another directory"};
        }
    }
    if (error) {
        return because("cannot look into " + target.string(), error);
    }
    return {};
}

/// Have the new directory where the old one is; the old one, if any, where the new one was.
Written put_in_place(const fs::path& made, const fs::path& target) {
    if (rename(made.c_str(), target.c_str()) == 0 ||
        (errno == ENOTEMPTY || errno == EEXIST
             ? renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE)
             : -1) == 0) {
        return {};
    }
    return because("cannot put the documentation at " + target.string(), last_error());
}

}  // namespace

std::expected<void, std::string> write_site(const std::string& directory,
                                            const std::vector<docs::SiteFile>& files,
                                            const std::stop_token& stop) {
    std::error_code error;
    fs::path target = fs::absolute(directory, error).lexically_normal();
    if (!target.has_filename()) {
        target = target.parent_path();
    }
    if (fs::is_symlink(target, error)) {
        target = fs::weakly_canonical(target, error);
    }
    if (auto checked = check_replaceable(target); !checked) {
        return checked;
    }
    const NewDirectory made{target};
    if (made.error()) {
        return because("cannot make a directory in " + target.parent_path().string(), made.error());
    }
    if (auto written = write_files(made.path(), files, stop); !written) {
        return written;
    }
    return stop.stop_requested() ? Written{} : put_in_place(made.path(), target);
}

}  // namespace warren::app
