#pragma once

#include <atomic>
#include <cstdint>

namespace warren::runtime {

/// A number that one thread changes and any thread reads.
class SingleWriterCounter {
public:
    void add(std::uint64_t count = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    /// From now on any thread changes it, and by this only.
    void add_shared(std::uint64_t count = 1) noexcept {
        value_.fetch_add(count, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t count = 1) noexcept { add(0 - count); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace warren::runtime
