#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/line_limit.hpp"
#include "runtime/clock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace warren::runtime {

/// The failures of calls that nobody waits for: each is counted, and the log tells of some, so that
/// many of them do not fill it.
/// thread any
class OneWayFailures {
public:
    static constexpr std::size_t lines_max = 10;  // in each period; the others are told as debug

    /// in  both must outlive this
    OneWayFailures(Log& log, const Clock& clock) noexcept : log_{log}, clock_{clock} {}

    /// in  who: the method, or what else is known of the call
    void add(std::string_view who, const Failure& failure);

    std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    Log& log_;
    const Clock& clock_;
    std::atomic<std::uint64_t> count_ = 0;
    std::mutex mutex_;  // of what follows
    core::LineLimit lines_{lines_max};
};

}  // namespace warren::runtime
