#pragma once

#include <warren/error.hpp>

#include "runtime/dispatch/server_call.hpp"
#include "runtime/executor.hpp"
#include "store/call_store.hpp"
#include "store/store_lock.hpp"

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <stop_token>
#include <unordered_map>

namespace warren::runtime {

class RunningCalls;
class StoreLocks;

/// A call's lock in the store.
struct CallLock {
    StoreLocks& locks;
    std::shared_ptr<store::StoreLock> lock;
    std::uint64_t number;     // among those of this process
    bool is_refused = false;  // there is nothing to give up
    bool is_held = false;
};

/// For metrics.          thread any may read
struct StoreLockCounters {
    std::atomic<std::uint64_t> held = 0;
    std::atomic<std::uint64_t> waiting = 0;
    std::atomic<std::uint64_t> lost = 0;  // while a call had it
};

/// Locks with a name, which hold between all servers with the same store. A call asks for one when
/// it has the same lock among the calls of this server, so that of these one waits there. While it
/// waits it is parked; its lock is renewed as long as it runs, and if it is lost all the same the
/// call is told to stop.          thread any
class StoreLocks {
public:
    /// in  both must outlive this, which must outlive the store's thread: `stop` the store first
    StoreLocks(store::CallStore& store, RunningCalls& calls) noexcept
        : store_{store}, calls_{calls} {}
    StoreLocks(const StoreLocks&) = delete;
    StoreLocks& operator=(const StoreLocks&) = delete;

    /// Have a call go on once it has the lock of its key.
    /// in   call: prepared and watched, with the lock of this process
    void ask(std::unique_ptr<ServerCall> call) noexcept;
    /// The response is in a call that asked: its lock is the next one's. A success that came after
    /// the lock was lost is none.
    void leave(ServerCall& call) noexcept;

    const StoreLockCounters& counters() const noexcept { return counters_; }

private:
    using CallPtr = std::unique_ptr<ServerCall>;

    struct Held {
        std::shared_ptr<store::StoreLock> lock;
        std::stop_source stop;
    };

    void park(CallPtr call);
    void answered(ParkedCall& parked, const std::expected<void, Failure>& outcome) noexcept;
    void hold(ServerCall& call);
    void lose(std::uint64_t number) noexcept;
    /// Look for leases that are over.          thread the I/O thread
    void sweep(Executor& executor) noexcept;

    store::CallStore& store_;
    RunningCalls& calls_;
    StoreLockCounters counters_;
    std::atomic<std::uint64_t> numbers_ = 0;

    std::mutex mutex_;                              // of what follows
    std::unordered_map<std::uint64_t, Held> held_;  // by number, as long as they are not lost
    bool is_watching_ = false;                      // a timer is set
};

}  // namespace warren::runtime
