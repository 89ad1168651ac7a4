#pragma once

#include <warren/method.hpp>
#include <warren/value.hpp>

#include "core/keyed_hash.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::runtime {

class LockTicket;

/// One lock that is held.
struct LockEntry {
    std::string_view key;
    LockTicket* first_waiter = nullptr;
    LockTicket* last_waiter = nullptr;
};

/// What holds a lock or waits for one; part of whatever needs it.
/// thread the lock table's mutex guards it
class LockTicket {
    friend class LockTable;
    LockEntry* entry_ = nullptr;  // held or waited for
    LockTicket* next_ = nullptr;
    LockTicket* previous_ = nullptr;
    bool waits_ = false;
};

/// Write what tells two locks apart: the name of the lock, or else the method whose own it is, and
/// the value of the lock field. Equal values give equal keys: maps in any order, 0.0 and -0.0,
/// NaNs. The key of a lock with a name is the same in every process, on every machine: it may be
/// kept.
/// in  `value` null for a method that runs alone
void write_lock_key(const Method& method, const Value* value, std::string& key);

/// Who runs and who waits, by key, in order of arrival. A waiter is a link in a list and holds no
/// thread; an entry lives as long as somebody holds it.          thread any
class LockTable {
public:
    explicit LockTable(std::size_t waiters_max) noexcept : waiters_max_{waiters_max} {}
    LockTable(const LockTable&) = delete;
    LockTable& operator=(const LockTable&) = delete;
    ~LockTable();

    enum class Outcome : std::uint8_t {
        held,
        waits,    // `release` of somebody else gives it out
        refused,  // as many wait as may
    };
    enum class Admission : std::uint8_t {
        limited,
        any,  // it waits, however many do
    };
    Outcome acquire(LockTicket& ticket, std::string_view key,
                    Admission admission = Admission::limited);

    /// Give up a lock that is held.
    /// out  who holds it now, the one that waited longest; nullptr: nobody
    LockTicket* release(LockTicket& holder);

    /// Stop waiting.
    /// out  false when it does not wait: it was given the lock, or had no need of it
    bool remove(LockTicket& waiter);

    std::size_t size() const;  // locks held
    std::size_t waiters() const noexcept { return waiters_.load(std::memory_order_relaxed); }

private:
    using Entries = std::unordered_map<std::string, LockEntry, core::KeyedHash, std::equal_to<>>;

    void unlink(LockTicket& waiter) noexcept;

    const std::size_t waiters_max_;
    mutable std::mutex mutex_;
    Entries entries_;
    std::atomic<std::size_t> waiters_ = 0;
};

}  // namespace warren::runtime
