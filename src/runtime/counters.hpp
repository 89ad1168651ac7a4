#pragma once

#include <warren/error.hpp>

#include "metrics/call_series.hpp"
#include "runtime/single_writer_counter.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace warren::runtime {

/// What a dispatcher has done, for metrics. Each number is exact; together they are no snapshot.
struct Counters {
    std::array<std::atomic<std::uint64_t>, metrics::code_count> failures{};  // by code
    std::atomic<std::uint64_t> ended_later = 0;  // not where they began: see `ListenerCounts`
    std::atomic<std::uint64_t> contract_differences = 0;  // calls by another contract than ours
    std::atomic<std::uint64_t> attempts_refused = 0;      // over the limit

    std::uint64_t failures_of(Code code) const noexcept {
        return failures[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
    }
};

/// The calls of one listener, which its I/O thread counts alone.
struct ListenerCounts {
    SingleWriterCounter begun{};
    SingleWriterCounter ended{};  // in the dispatch that they began in
};

/// What a client has done. Where the I/O thread counts it does so alone, until the client is
/// closed.
struct ClientCounts {
    std::atomic<std::uint64_t> submitted_elsewhere = 0;  // on other threads
    SingleWriterCounter submitted{};                     // on the I/O thread
    SingleWriterCounter ended{};
    SingleWriterCounter successes{};
    std::array<SingleWriterCounter, metrics::code_count> failures{};  // by code

    std::uint64_t calls() const noexcept {
        return submitted_elsewhere.load(std::memory_order_relaxed) + submitted.get();
    }
    std::uint64_t in_flight() const noexcept {
        const std::uint64_t over = ended.get();
        const std::uint64_t all = calls();
        return all > over ? all - over : 0;
    }
};

}  // namespace warren::runtime
