#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace warren::metrics {

/// How long things took, in fixed buckets.
/// cost 2 atomic additions for each observation, no lock                              thread any
class DurationHistogram {
public:
    static constexpr std::array<std::chrono::nanoseconds, 20> bounds = [] {
        using std::chrono::microseconds;
        return std::array<std::chrono::nanoseconds, 20>{
            microseconds{5},          microseconds{10},        microseconds{25},
            microseconds{50},         microseconds{100},       microseconds{250},
            microseconds{500},        microseconds{1'000},     microseconds{2'500},
            microseconds{5'000},      microseconds{10'000},    microseconds{25'000},
            microseconds{50'000},     microseconds{100'000},   microseconds{250'000},
            microseconds{500'000},    microseconds{1'000'000}, microseconds{2'500'000},
            microseconds{10'000'000}, microseconds{60'000'000}};
    }();

    void observe(std::chrono::nanoseconds duration) noexcept {
        std::size_t bucket = 0;
        while (bucket != bounds.size() && duration > bounds[bucket]) {
            ++bucket;
        }
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_ns_.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
    }

    /// Of those that were not in the bucket before; the last bucket has no bound.
    std::uint64_t in_bucket(std::size_t bucket) const noexcept {
        return counts_[bucket].load(std::memory_order_relaxed);
    }
    double sum_seconds() const noexcept {
        return static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
    }

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> sum_ns_ = 0;
};

}  // namespace warren::metrics
