#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace warren::runtime {

/// The timers of one executor, without a clock: a binary heap over a table of slots.
/// thread one at a time
class Timers {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Function = std::move_only_function<void()>;
    using Id = std::uint64_t;  // never 0, and never the same twice in practice

    /// cost O(log n)
    Id add(TimePoint when, Function function);
    /// Forget a timer.
    /// out  false when it has run, or never was
    /// cost O(log n)
    bool cancel(Id timer) noexcept;

    /// When the first one is due.
    std::optional<TimePoint> next_deadline() const noexcept;

    /// Run what is due, by time, and in the order of adding where times are equal. The functions
    /// may add and cancel; at one they added the run ends, so that no timer can keep this call from
    /// returning.
    /// out  how many ran
    std::size_t run_due(TimePoint now);

    bool empty() const noexcept { return heap_.empty(); }
    std::size_t size() const noexcept { return heap_.size(); }

private:
    struct Slot {
        TimePoint when{};
        std::uint64_t order = 0;
        std::uint32_t generation = 1;
        std::uint32_t heap_index = 0;  // in the heap
        Function function{};
    };

    bool before(std::uint32_t left, std::uint32_t right) const noexcept;
    void put(std::uint32_t heap_index, std::uint32_t slot) noexcept;
    void sift_up(std::uint32_t heap_index) noexcept;
    void sift_down(std::uint32_t heap_index) noexcept;
    Function take(std::uint32_t slot) noexcept;

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> heap_;  // slots, the earliest first
    std::vector<std::uint32_t> free_;
    std::uint64_t added_ = 0;
};

}  // namespace warren::runtime
