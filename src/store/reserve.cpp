#include "store/reserve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace warren::store {
namespace {

bool is_full(int error) noexcept {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

}  // namespace

Reserve::Reserve(std::string path, std::uint64_t bytes) : path_{std::move(path)}, bytes_{bytes} {}

bool Reserve::take() noexcept {
    if (is_held_) {
        return true;
    }
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int error = file < 0 ? errno : posix_fallocate(file, 0, static_cast<off_t>(bytes_));
    if (file >= 0) {
        close(file);
    }
    is_held_ = !is_full(error);
    if (!is_held_) {
        unlink(path_.c_str());
    }
    return is_held_;
}

void Reserve::release() noexcept {
    if (std::exchange(is_held_, false)) {
        unlink(path_.c_str());
    }
}

}  // namespace warren::store
