#pragma once

#include <warren/error.hpp>

#include <cstdint>
#include <expected>
#include <string>

namespace warren::store {

/// A small file beside a store's, for two things.
///
/// Who lives, among the processes that share the store: each has a number at random, and locks the
/// byte of that number. The system lets go of the lock with the process, however that ends.
///
/// How many commits the store had on its disk at least: a database whose write-ahead log was
/// altered or removed forgets the last ones without a word.
/// thread any
class OwnerLock {
public:
    OwnerLock() = default;
    OwnerLock(const OwnerLock&) = delete;
    OwnerLock& operator=(const OwnerLock&) = delete;
    ~OwnerLock();

    /// Take a number, in a file that is made with mode 0600 where it is missing.
    /// err  invalid_request: it cannot be made, or its disk has no locks
    std::expected<void, Failure> take(const std::string& path);
    /// This process's; never 0.
    std::int64_t number() const noexcept { return number_; }
    /// Whether the process with a number lives, or may: where nobody can tell.
    bool lives(std::int64_t number) const noexcept;

    /// How many commits are on the disk, as it was noted; 0: nothing was.
    std::uint64_t noted_commits() const noexcept;
    /// Several processes may note at once: the store may have some more then, and never fewer.
    void note_commits(std::uint64_t count) noexcept;

private:
    int file_ = -1;
    std::int64_t number_ = 0;
};

}  // namespace warren::store
