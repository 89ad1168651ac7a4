#pragma once

#include <warren/detail/memory_budget.hpp>

#include <cstddef>
#include <utility>

namespace warren::runtime {

/// Memory of a budget, until it is given back.          thread one at a time
class MemoryHold {
public:
    MemoryHold() noexcept = default;
    ~MemoryHold() { release(); }
    MemoryHold(const MemoryHold&) = delete;
    MemoryHold& operator=(const MemoryHold&) = delete;

    /// in   the same budget each time, which outlives this
    /// out  nullptr: it is held; otherwise why not
    const char* take(detail::MemoryBudget& budget, std::size_t bytes) noexcept {
        if (const char* const reason = budget.take(bytes)) {
            return reason;
        }
        budget_ = &budget;
        bytes_ += bytes;
        return nullptr;
    }
    void swap(MemoryHold& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(bytes_, other.bytes_);
    }
    void release() noexcept {
        if (bytes_ != 0) {
            budget_->release(bytes_);
            bytes_ = 0;
        }
    }

private:
    detail::MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace warren::runtime
