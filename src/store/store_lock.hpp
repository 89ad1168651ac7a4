#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

/// Locks that hold between all who share a store.
namespace warren::store {

/// How a store names a lock: by its key, or by the hash of one that is too long for an index.
std::string lock_name_of(std::string key);

/// A lock of a store that one call asks for, holds and gives up. Who asks anew makes a new one.
class StoreLock {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// in   tell_loss: it may be somebody else's from now on, or was just given up; called at most
    ///      once, on the store's thread
    StoreLock(std::string key, std::function<void()> tell_loss)
        : name{lock_name_of(std::move(key))}, on_lost{std::move(tell_loss)} {}

    /// Greater than that of everyone who had it before; 0: it was not given yet.      thread any
    std::uint64_t token() const noexcept { return token_.load(std::memory_order_relaxed); }
    /// Until when it is nobody else's, as far as is known by now.                     thread any
    TimePoint until() const noexcept { return until_.load(std::memory_order_relaxed); }
    bool is_over() const noexcept { return until() <= std::chrono::steady_clock::now(); }

    /// The store says that somebody else has it.                                      thread any
    void note_loss() noexcept { until_.store({}, std::memory_order_relaxed); }

    const std::string name;
    const std::function<void()> on_lost;

private:
    friend class LockKeeper;

    std::atomic<std::uint64_t> token_ = 0;
    std::atomic<TimePoint> until_{};
    std::int64_t place_ = 0;  // in the queue; 0: none                      thread the store's
};

/// How long what is asked for is somebody's who does not say again that it is.
struct LockTerms {
    std::chrono::milliseconds lease;   // of a lock
    std::chrono::milliseconds notice;  // of a place in the queue for one
};

/// What somebody gets who asks for a lock.
struct LockAnswer {
    std::uint64_t token = 0;  // 0: somebody else has it, or comes first
    std::int64_t place = 0;   // in the queue for it, as long as there is no token
};

}  // namespace warren::store
