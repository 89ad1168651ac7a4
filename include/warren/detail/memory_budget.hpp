#pragma once

#include <warren/version.hpp>

#include <atomic>
#include <cstddef>

namespace warren::detail {

/// How much memory some arenas and objects may take together. What is taken of one is taken of all
/// that are around it, too: a connection's share is part of its listener's.
///
/// One thread, always the same, may take and give back by `take_alone` and `release_alone`, which
/// need no atomic additions. Taking at the same moment as others, each may be let in.   thread any
class MemoryBudget {
public:
    /// in  reason: what one is told who takes no more, with static storage; around: may be null,
    ///     and outlives this
    MemoryBudget(std::size_t bytes_max, const char* reason, MemoryBudget* around = nullptr) noexcept
        : bytes_max_{bytes_max}, reason_{reason}, around_{around} {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// What is taken stays so, even where it is more than may be now.
    void set_bytes_max(std::size_t bytes_max) noexcept {
        bytes_max_.store(bytes_max, std::memory_order_relaxed);
    }

    /// out  nullptr: it is taken; otherwise why nothing was
    const char* take(std::size_t bytes) noexcept {
        const std::size_t bytes_max = bytes_max_.load(std::memory_order_relaxed);
        if (bytes > bytes_max) {
            return reason_;
        }
        if (taken_.fetch_add(bytes, std::memory_order_relaxed) + taken_alone() >
            bytes_max - bytes) {
            taken_.fetch_sub(bytes, std::memory_order_relaxed);
            return reason_;
        }
        if (const char* const reason = around_ != nullptr ? around_->take(bytes) : nullptr) {
            taken_.fetch_sub(bytes, std::memory_order_relaxed);
            return reason;
        }
        return nullptr;
    }
    void release(std::size_t bytes) noexcept {
        taken_.fetch_sub(bytes, std::memory_order_relaxed);
        if (around_ != nullptr) {
            around_->release(bytes);
        }
    }
    /// The same as `take`, by the one thread that does.
    const char* take_alone(std::size_t bytes) noexcept {
        const std::size_t bytes_max = bytes_max_.load(std::memory_order_relaxed);
        if (bytes > bytes_max || taken() > bytes_max - bytes) {
            return reason_;
        }
        if (const char* const reason = around_ != nullptr ? around_->take_alone(bytes) : nullptr) {
            return reason;
        }
        add_alone(bytes);
        return nullptr;
    }
    /// Also over the limit: nothing more is to be had until enough is given back.
    void take_alone_anyway(std::size_t bytes) noexcept {
        add_alone(bytes);
        if (around_ != nullptr) {
            around_->take_alone_anyway(bytes);
        }
    }
    // Counts are modulo, so that less than nothing can be added.
    void release_alone(std::size_t bytes) noexcept { take_alone_anyway(0 - bytes); }

    std::size_t taken() const noexcept {
        return taken_.load(std::memory_order_relaxed) + taken_alone();
    }

private:
    std::size_t taken_alone() const noexcept { return alone_.load(std::memory_order_relaxed); }
    void add_alone(std::size_t bytes) noexcept {
        alone_.store(taken_alone() + bytes, std::memory_order_relaxed);
    }

    std::atomic<std::size_t> bytes_max_;
    const char* const reason_;
    MemoryBudget* const around_;
    std::atomic<std::size_t> taken_ = 0;
    std::atomic<std::size_t> alone_ = 0;  // changed by one thread
};

}  // namespace warren::detail
