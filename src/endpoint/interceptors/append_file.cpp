#include "endpoint/interceptors/append_file.hpp"

#include "endpoint/failures.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace warren::endpoint {
namespace {

int open_to_append(const std::string& path) noexcept {
    constexpr ::mode_t owner_alone = 0600;
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, owner_alone);
}

std::string last_error(const std::string& path) {
    return "the file '" + path + "' cannot be written: " + std::generic_category().message(errno);
}

}  // namespace

std::expected<AppendFile, Failure> AppendFile::open(std::string path) {
    const int descriptor = open_to_append(path);
    if (descriptor < 0) {
        return refused(last_error(path));
    }
    return AppendFile{std::move(path), descriptor};
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_{std::move(other.path_)},
      descriptor_{std::exchange(other.descriptor_, -1)},
      written_{other.written_} {}

AppendFile::~AppendFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

bool AppendFile::is_moved() const noexcept {
    struct ::stat named{};
    struct ::stat opened{};
    return ::stat(path_.c_str(), &named) != 0 || ::fstat(descriptor_, &opened) != 0 ||
           named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}

std::optional<std::string> AppendFile::write(const std::string& line) {
    if (written_ == 0 && is_moved()) {
        const int descriptor = open_to_append(path_);
        if (descriptor < 0) {
            return last_error(path_);
        }
        ::close(std::exchange(descriptor_, descriptor));
    }
    while (written_ != line.size()) {
        const ssize_t more = ::write(descriptor_, line.data() + written_, line.size() - written_);
        if (more < 0 && errno != EINTR) {
            return last_error(path_);
        }
        written_ += static_cast<std::size_t>(more < 0 ? 0 : more);
    }
    written_ = 0;
    return std::nullopt;
}

}  // namespace warren::endpoint
