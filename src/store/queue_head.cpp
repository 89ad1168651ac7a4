#include "store/queue_head.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace warren::store {
namespace {

constexpr std::size_t record_bytes_max = 512;

std::unexpected<Failure> refused_head(const std::string& path, const std::string& why) {
    return std::unexpected{
        Failure{.code = Code::invalid_request, .message = "The buffer " + path + ' ' + why}};
}

}  // namespace

FileId file_id(const std::string& path) noexcept {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? FileId{status.st_dev, status.st_ino, status.st_size}
                                            : FileId{};
}

QueueHead::~QueueHead() {
    if (file_ >= 0) {
        close(file_);
    }
}

std::expected<void, Failure> QueueHead::open(const std::string& queue_path) {
    if (is_open()) {
        return {};
    }
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return refused_head(queue_path, "cannot be used: " + path_ + ": " + std::strerror(errno));
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        close(file);
        return refused_head(
            queue_path,
            "is in use, by another process or by another proxy: each needs a file of "
            "its own");
    }
    file_ = file;
    std::array<char, record_bytes_max> bytes{};
    const ssize_t size = pread(file_, bytes.data(), bytes.size(), 0);
    if (size > 0) {
        found_ = decode_record({bytes.data(), static_cast<std::size_t>(size)});
    }
    return {};
}

/// One that is not written is an old one, which takes nothing for lost that is there.
void QueueHead::write(const std::string& record) noexcept {
    static_cast<void>(!pwrite(file_, record.data(), record.size(), 0));
}

void QueueHead::sync() noexcept {
    fdatasync(file_);
}

}  // namespace warren::store
