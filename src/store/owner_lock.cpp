#include "store/owner_lock.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

namespace warren::store {
namespace {

/// Two numbers of 16 digits, of which the second one is the first with all bits turned.
constexpr ssize_t note_bytes = 34;

struct flock byte_of(std::int64_t number) noexcept {
    struct flock byte{};
    byte.l_type = F_WRLCK;
    byte.l_whence = SEEK_SET;
    byte.l_start = number;
    byte.l_len = 1;
    return byte;
}

std::unexpected<Failure> no_owner_lock(const std::string& path, const char* what) {
    return std::unexpected{
        Failure{.code = Code::invalid_request,
                .message = path + " cannot be " + what + " (" + std::strerror(errno) +
                           "): it and its directory must belong to this user, on a file system "
                           "that may be written"}};
}

}  // namespace

OwnerLock::~OwnerLock() {
    if (file_ >= 0) {
        close(file_);
    }
}

std::expected<void, Failure> OwnerLock::take(const std::string& path) {
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) {
        return no_owner_lock(path, "opened");
    }
    std::uint64_t random = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
    number_ = static_cast<std::int64_t>(random >> 2U) + 1;
    struct flock byte = byte_of(number_);
    if (fcntl(file_, F_OFD_SETLK, &byte) != 0) {
        return no_owner_lock(path, "locked");
    }
    return {};
}

bool OwnerLock::lives(std::int64_t number) const noexcept {
    if (number <= 0) {
        return false;
    }
    if (number == number_) {
        return true;
    }
    struct flock byte = byte_of(number);
    return fcntl(file_, F_OFD_GETLK, &byte) != 0 || byte.l_type != F_UNLCK;
}

std::uint64_t OwnerLock::noted_commits() const noexcept {
    std::array<char, note_bytes + 1> note{};
    unsigned long long count = 0;
    unsigned long long check = 0;
    const bool is_read = pread(file_, note.data(), note_bytes, 0) == note_bytes &&
                         std::sscanf(note.data(), "%16llx %16llx", &count, &check) == 2;
    return is_read && check == ~count ? count : 0;
}

void OwnerLock::note_commits(std::uint64_t count) noexcept {
    std::array<char, note_bytes + 1> note{};
    std::snprintf(note.data(), note.size(), "%016llx %016llx\n",
                  static_cast<unsigned long long>(count), ~static_cast<unsigned long long>(count));
    // What is not written is a note that is older.
    static_cast<void>(!pwrite(file_, note.data(), note_bytes, 0));
}

}  // namespace warren::store
