#pragma once

#include <warren/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace warren::protocol {

/// A number used once: sixteen bytes that no other request bears.
using Nonce = std::array<std::byte, 16>;

/// An exact set of nonces, in blocks of the 256 that differ in their last byte only: one who counts
/// there takes a fifth of a byte for each, one who draws them at random 48 bytes.
/// thread one at a time
class NonceSet {
public:
    /// in  seed: unknown to others, so that nobody can choose nonces that fall onto each other
    explicit NonceSet(std::uint64_t seed) noexcept : seed_{seed} {}

    bool contains(const Nonce& nonce) const noexcept;
    /// Whether `insert` would need a further block.
    bool needs_block(const Nonce& nonce) const noexcept { return find(nonce) == nullptr; }
    /// cost O(1), and O(blocks) when the table doubles                 throws std::bad_alloc
    void insert(const Nonce& nonce);
    void clear() noexcept;

    std::size_t blocks() const noexcept { return blocks_; }

private:
    struct Block {
        bool is_free() const noexcept;

        std::array<std::uint64_t, 2> prefix{};  // of the nonces, their last byte cut off
        std::array<std::uint64_t, 4> seen{};    // one bit for each last byte
    };

    const Block* find(const Nonce& nonce) const noexcept;
    Block& block_of(const std::array<std::uint64_t, 2>& prefix) noexcept;
    std::size_t start_of(const std::array<std::uint64_t, 2>& prefix) const noexcept;
    void grow();

    std::uint64_t seed_;
    std::vector<Block> table_;  // open addressing; a power of two, at most three quarters in use
    std::size_t blocks_ = 0;
};

struct NonceMemoryOptions {
    /// How far the time of a request may be before now.
    std::chrono::milliseconds window = std::chrono::minutes{5};
    /// And how far after it; unset: as far. What was taken early may be sent again as long to a
    /// process that follows this one: see `since_ms`.
    std::optional<std::chrono::milliseconds> ahead_max{};
    /// In blocks of 48 bytes (see NonceSet), and as much again for the tables.
    std::size_t blocks_max = std::size_t{1} << 20;
    /// From when on every request was seen: `ahead_max` after the server began. What was signed
    /// before, the process before it may have taken. 0: there was none before it.
    std::int64_t since_ms = 0;
};

/// Which nonces were seen, for as long as the requests that bear them would be taken. It forgets
/// none silently: of what it cannot know any more it says so. One for all listeners that have a
/// secret in common, as a request to one would also be taken by the others.
/// thread any
class NonceMemory {
public:
    enum class Verdict : std::uint8_t {
        fresh,      // never seen, and remembered from now on
        seen,       // before
        forgotten,  // signed in a time that is not remembered: see `since_ms`
        full,       // not seen, but as many are remembered as may be
    };

    static constexpr std::chrono::milliseconds window_max = std::chrono::hours{24};

    /// err  invalid_request: a window that is not from 1 ms to a day,
    ///      `ahead_max` that is not from 0 to the window
    ///      | internal: no random bytes
    static std::expected<std::shared_ptr<NonceMemory>, Failure> make(
        const NonceMemoryOptions& options = {});

    /// in  time_ms: when the request was signed, within the window around now; not negative
    /// cost as NonceSet::insert, and a lock
    Verdict take(const Nonce& nonce, std::int64_t time_ms);

    /// Remember a request that is refused because its time has not come, so that it is not taken
    /// when it has. The last ones to come are forgotten where there is no room.
    void refuse_early(const Nonce& nonce, std::int64_t time_ms);

    std::chrono::milliseconds window() const noexcept {
        return std::chrono::milliseconds{window_ms_};
    }
    std::chrono::milliseconds ahead_max() const noexcept { return ahead_max_; }
    std::int64_t since_ms() const noexcept;
    std::size_t blocks() const noexcept;

private:
    // The nonces of requests signed in one stretch of time, as long as the window. Whenever it is,
    // the requests that are taken were signed in three stretches at most.
    static constexpr std::size_t stretches = 3;
    // Of the memory, for what is refused as early: clocks that are wrong for good fill it.
    static constexpr std::size_t early_part = 16;

    NonceMemory(const NonceMemoryOptions& options, std::uint64_t seed);

    void begin(std::int64_t stretch) noexcept;
    std::size_t all_blocks() const noexcept;
    std::size_t early_blocks() const noexcept;

    const std::uint64_t seed_;
    const std::int64_t window_ms_;
    const std::chrono::milliseconds ahead_max_;
    const std::size_t blocks_max_;
    mutable std::mutex mutex_;  // of what follows
    std::int64_t since_ms_;
    std::int64_t newest_ = 0;                 // stretch, counted from the epoch
    std::array<NonceSet, stretches> sets_;    // each at its stretch modulo three
    std::map<std::int64_t, NonceSet> early_;  // by stretch, after the newest
};

}  // namespace warren::protocol
