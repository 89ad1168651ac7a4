#pragma once

#include <warren/arena.hpp>
#include <warren/context.hpp>
#include <warren/method.hpp>

#include "core/clock.hpp"
#include "metrics/call_series.hpp"
#include "protocol/call.hpp"
#include "runtime/large_request.hpp"
#include "runtime/locks.hpp"
#include "runtime/memory_hold.hpp"
#include "runtime/workers.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace warren::runtime {

class Dispatcher;
class Lane;
class ParkedAnswer;
class ParkedJob;

/// One call on its way, from its message to its answer. Whoever takes calls derives from it what it
/// needs to send the answer, and may use a finished one again (`reset`).
class Job : public Task, public LockTicket {
public:
    Job();
    virtual ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// The answer is there. Called exactly once for every dispatch.          thread any
    virtual void finished(std::unique_ptr<Job> self) noexcept = 0;
    /// Why a call that waited for its turn is not to start after all, as the text of `overloaded`;
    /// empty: it may.          thread any
    virtual std::string_view obstacle() const noexcept { return {}; }

    /// Valid once finished, until `release_result` or `reset`.
    const protocol::Answer& answer() const noexcept { return answer_; }
    /// nullptr when there is no such method.
    const Method* method() const noexcept { return method_; }
    /// Whether its handler has begun, of one that a worker runs.
    bool has_begun() const noexcept { return has_begun_.load(std::memory_order_relaxed); }

    /// Where the request may be decoded and the answer encoded.
    Arena arena;
    /// Of the message it came in, for metrics.
    std::size_t request_bytes = 0;
    /// What its values took where they were read.
    std::size_t values_bytes = 0;
    /// What it may take in memory; outlives it. Null: whatever it needs.
    detail::MemoryBudget* memory = nullptr;
    /// Who asks, for the line of a log that shows calls; empty: not known.
    std::string peer_address{};
    /// False: one-way. Nobody hears of its failure, so it is logged and counted.
    bool wants_answer = true;

protected:
    /// Destroy the handler's request and response, which `answer().data` views; what else the
    /// answer views stays.
    void release_result() noexcept;
    /// Log what went wrong with this call, as the one who answers knows it.
    void report(std::string_view details) const noexcept;
    /// Make it as new, keeping memory.
    void reset() noexcept;

private:
    friend class Dispatcher;
    friend class Lane;

    void run_task() noexcept final;

    Dispatcher* dispatcher_ = nullptr;
    Lane* lane_ = nullptr;
    const Method* method_ = nullptr;
    metrics::CallSeries* series_ = nullptr;   // null: nobody counts
    core::Clock::TimePoint taken_in_{};       // where somebody counts
    std::unique_ptr<Invocation> invocation_;  // used again for the same method
    const Method* invocation_of_ = nullptr;
    std::shared_ptr<void> mock_;  // what a mocked answer shows
    Context context_{};
    std::stop_source stop_{std::nostopstate};
    std::string lock_key_;
    bool holds_lock_ = false;
    std::unique_ptr<LargeRequest> large_{};  // until it is read, and bound or forwarded
    MemoryHold held_;                        // for the handler's arguments
    bool is_withdrawn_ = false;              // never to run here: neither a success nor a failure
    std::shared_ptr<ParkedJob> parked_{};    // while its call is with a forwarder

    protocol::Answer answer_{};
    std::string message_;
    Failure failure_{};

    // Guarded by the lane's mutex while it is watched.
    Job* watched_next_ = nullptr;
    Job* watched_previous_ = nullptr;
    bool watched_ = false;
    bool stop_requested_ = false;

    std::atomic<bool> has_begun_ = false;
};

}  // namespace warren::runtime
