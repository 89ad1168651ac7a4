#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"
#include "runtime/dispatch/memory_hold.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/executor.hpp"

#include <concepts>
#include <cstddef>
#include <expected>
#include <memory>
#include <new>
#include <utility>

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
    protocol::Call request{};  // once it was read
};

/// Keep a request, as it came, for a worker to read.
/// in   memory: which the message has to fit into; given: what `Kept` is made of
/// err  overloaded: it takes more memory than may be, or than there is
template <std::derived_from<LargeRequest> Kept, typename... Given>
std::expected<std::unique_ptr<LargeRequest>, Failure> keep_large(detail::MemoryBudget& memory,
                                                                 std::size_t message_bytes,
                                                                 Given&&... given) {
    MemoryHold held;
    if (const char* const reason = held.take(memory, message_bytes)) {
        return std::unexpected{overloaded(reason)};
    }
    try {
        auto kept = std::make_unique<Kept>(std::forward<Given>(given)...);
        kept->held.swap(held);
        return kept;
    } catch (const std::bad_alloc&) {
        return std::unexpected{out_of_memory()};
    }
}

}  // namespace warren::runtime
