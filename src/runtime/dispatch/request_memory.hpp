#pragma once

#include <warren/arena.hpp>
#include <warren/detail/memory_budget.hpp>

#include "runtime/dispatch/kept_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace warren::runtime {

// What the I/O thread reads by itself: a longer request, or one whose values take more memory, is
// left to a worker, since nobody else is served meanwhile.
inline constexpr std::size_t quick_bytes_max = std::size_t{256} << 10;
inline constexpr std::size_t quick_values_bytes_max = std::size_t{1} << 20;

inline constexpr const char* requests_memory_reason =
    "The requests that are being handled take as many bytes as they may (requests_bytes_max)";
inline constexpr const char* connection_memory_reason =
    "The requests of this connection that are being handled take as many bytes as they may "
    "(connection_requests_bytes_max)";

/// The memory that the requests of one listener take until they are answered, and where its I/O
/// thread reads them.
class RequestMemory {
public:
    explicit RequestMemory(std::size_t bytes_max) noexcept
        : all{bytes_max, requests_memory_reason} {}

    /// Forget what was read; what one big request needed is given back.
    void forget_values() noexcept { values.reset(kept_bytes_max); }

    /// Whether much was taken and given back since the last time, so that it is worth having the
    /// allocator give it back to the system; and once more when all of it is.
    bool is_worth_trimming(std::size_t others_bytes) noexcept {
        constexpr std::size_t worth_bytes = std::size_t{32} << 20;
        const std::size_t now = all.taken() + others_bytes;
        peak_bytes_ = std::max(peak_bytes_, now);
        if (peak_bytes_ < worth_bytes || now > peak_bytes_ / 4) {
            return now == 0 && std::exchange(is_rest_due_, false);
        }
        peak_bytes_ = now;
        is_rest_due_ = now != 0;
        return true;
    }

    detail::MemoryBudget all;

private:
    detail::MemoryBudget quick_{quick_values_bytes_max, ""};
    std::size_t peak_bytes_ = 0;
    bool is_rest_due_ = false;

public:
    Arena values{quick_};
};

}  // namespace warren::runtime
