#pragma once

#include <cstdint>
#include <string>

// Calls that a store has without anybody who waits for them: those that were given up, for people,
// and those that are to run later.
namespace warren::store {

/// A call that was given up, as it is kept with its reason.
struct DeadCall {
    std::int64_t id = 0;  // the store's
    std::string key{};    // as that of its record
    std::string method{};
    std::string request{};  // bytes of whoever kept it
    std::string reason{};
    std::uint32_t attempts = 0;
    std::int64_t first_at_ms = 0;  // its first attempt; 0: unknown
    std::int64_t last_at_ms = 0;
    std::string server{};  // that gave it up
    bool is_whole = true;  // of one that was read: false, it was altered

    /// What tells it from one that was altered, by mistake and not on purpose.
    std::int64_t checksum() const;
    /// What it counts for among `RecordLimits::bytes_max`.
    std::uint64_t bytes() const noexcept {
        return key.size() + method.size() + request.size() + reason.size() + server.size();
    }
};

/// What went of the calls that were given up, as their limits say.
struct ForgottenDead {
    std::uint64_t too_old = 0;
    std::uint64_t too_much = 0;
    std::uint64_t bytes_left = 0;  // of those that stay
    bool has_more = false;         // not all that is over went at once

    std::uint64_t count() const noexcept { return too_old + too_much; }
};

/// A call that nobody sends again, and that is to be run.
struct LaterCall {
    std::string key{};  // as that of its record
    std::string method{};
    std::string request{};  // bytes of whoever kept it
    std::int64_t due_at_ms = 0;
    bool is_whole = true;  // of one that was read: false, it was altered

    std::int64_t checksum() const;
};

}  // namespace warren::store
