#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"
#include "runtime/executor.hpp"
#include "runtime/memory_hold.hpp"

#include <cstddef>
#include <expected>

namespace warren::runtime {

/// A request as it came, which a worker reads, because the I/O thread would take too long for it.
class LargeRequest {
public:
    /// in  memory: what reading it may take; outlives this
    explicit LargeRequest(detail::MemoryBudget& memory) noexcept : values{memory} {}
    virtual ~LargeRequest() = default;
    LargeRequest(const LargeRequest&) = delete;
    LargeRequest& operator=(const LargeRequest&) = delete;

    /// Read it, once.
    /// out  views of this
    /// err  what is wrong with it; throws `Arena::Full` and std::bad_alloc          thread a worker
    virtual std::expected<protocol::Call, Failure> read() = 0;

    TimePoint came_at{};
    MemoryHold held;  // for the message
    Arena values;
    protocol::Call call{};  // once it was read
    bool is_read = false;
};

}  // namespace warren::runtime
