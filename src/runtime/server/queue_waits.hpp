#pragma once

#include <warren/context.hpp>

#include "protocol/metadata.hpp"
#include "runtime/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace warren::runtime {

/// When a request came from its broker.
struct Arrival {
    std::int64_t unix_ms = 0;
    std::chrono::milliseconds held{0};  // here, until its turn came
};

/// How long the requests of one listener waited at their broker. Brokers do not count an expiration
/// down, so this takes the difference of two clocks: when the request was sent, as it says itself,
/// and when it came. No request waits longer than its expiration, and none less than no time: when
/// one seems to, the clocks differ, and nothing is taken off.
/// thread any
class QueueWaits {
public:
    // Clocks that are kept right differ by so much.
    static constexpr std::chrono::milliseconds clock_difference_max{1'000};
    static constexpr std::chrono::minutes warning_pause{10};

    /// in  both must outlive this; listener: in log lines
    QueueWaits(Log& log, const Clock& clock, std::string listener)
        : log_{log}, clock_{clock}, listener_{std::move(listener)} {}

    /// Leave a request the time that it still has: none, or less than none, where that is over.
    void count_down(protocol::Metadata& metadata, const Arrival& arrival);

    /// How many requests showed that clocks differ.
    std::uint64_t clock_differences() const noexcept {
        return differences_.load(std::memory_order_relaxed);
    }

private:
    std::chrono::milliseconds wait_of(std::int64_t sent_at_ms, std::int64_t came_at_ms,
                                      std::chrono::milliseconds expiration);
    void report(std::chrono::milliseconds seeming, std::chrono::milliseconds expiration);

    Log& log_;
    const Clock& clock_;
    const std::string listener_;
    std::atomic<std::uint64_t> differences_ = 0;
    std::mutex mutex_;  // of what follows
    TimePoint quiet_until_{};
};

}  // namespace warren::runtime
