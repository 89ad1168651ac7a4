#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "protocol/call.hpp"
#include "runtime/counters.hpp"
#include "runtime/dispatch/contract_skews.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/dispatch/workers.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace warren::runtime {

/// What happens to a call, the same on every transport: it is admitted, its listener's backend
/// answers it, and it ends, once. One per server.
///
/// A deadline that passes before the handler starts answers `expired_in_queue`, in time also for
/// calls that wait for a lock or a worker; one that passes later sets the handler's stop token.
/// What the handler then answers is the response, but a failure of its own is `deadline_exceeded`.
///
/// A forwarded call whose deadline passes is `deadline_exceeded`, and its stop token is set;
/// whatever comes after that is dropped.
class Dispatcher {
public:
    /// in  all must outlive the dispatcher; workers must be stopped before it is destroyed
    ///     handler_log: what handlers find in their contexts; null: the same
    Dispatcher(Workers& workers, const Clock& clock, Log& log, const core::Limits& limits = {},
               Log* handler_log = nullptr);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Answer a call. `ServerCall::finished` follows: inside of this call, on a worker or on the
    /// listener's I/O thread.          thread the listener's I/O thread
    /// in  call: needed during this call only
    void dispatch(std::unique_ptr<ServerCall> call, const protocol::Call& request,
                  ListenerContext& listener);

    /// The same for a request that is not read yet: a worker does that.
    /// in  request: read in its call's memory
    void dispatch_large(std::unique_ptr<ServerCall> call, std::unique_ptr<LargeRequest> large,
                        ListenerContext& listener);

    /// Answer with a failure what could not be understood as a call.
    [[gnu::cold]] void refuse(std::unique_ptr<ServerCall> call, Failure failure,
                              ListenerContext& listener);

    /// Answer a call with a failure and never run it, if it has not started.
    /// in   a call that exists, dispatched to this listener
    /// out  false when it has started, or is finished
    /// thread the listener's I/O thread
    bool withdraw(ServerCall& call, ListenerContext& listener, Failure why) noexcept;

    /// Nobody waits for some calls of a listener any more: set the stop tokens of those that run,
    /// and answer the others with a failure.          thread the listener's I/O thread
    /// in   is_abandoned: asked of each that is watched, also where nothing is to be done any more
    /// cost O(calls of the listener that are watched)
    void abandon(ListenerContext& listener,
                 const std::function<bool(ServerCall&)>& is_abandoned) noexcept;

    /// Have a worker give memory that was freed back to the system.          thread any
    void trim_memory();

    /// Set every handler's stop token and answer what has not started with `overloaded`, also all
    /// calls from now on.          thread any
    void cancel_all();

    const Counters& counters() const noexcept { return calls_.counters; }
    /// Calls that began, and that ended with a success, and those that did not end.     thread any
    std::uint64_t begun() const noexcept { return sum(&ListenerCounts::begun, begun_before_); }
    std::uint64_t successes() const noexcept;
    std::uint64_t in_flight() const noexcept;
    /// Of calls without a response: all that failed.
    std::uint64_t one_way_failures() const noexcept { return calls_.one_way_failures(); }
    const LockTable& locks() const noexcept { return calls_.locks; }
    /// Whether the log gets a line about each call.
    /// Whether calls are shown as they end, in the log or to whoever watches.
    bool shows_calls() const noexcept {
        return calls_.shows_calls.load(std::memory_order_relaxed) ||
               calls_.watcher.load(std::memory_order_relaxed) != nullptr;
    }
    std::size_t queued() const noexcept { return workers_.queued(); }

    // What listeners use.
    RunningCalls& calls() noexcept { return calls_; }
    Workers& workers() noexcept { return workers_; }
    void read_large(std::unique_ptr<ServerCall> call) noexcept;
    void attach(ListenerContext& listener);
    void detach(ListenerContext& listener);

private:
    void begin(ServerCall& call, ListenerContext& listener) noexcept;
    // Those that give false leave a response in the call.          thread also a worker
    bool admit(ServerCall& call, const protocol::Call& request);
    void describe(ServerCall& call, const protocol::Call& request,
                  const ListenerContext::Served* served);
    bool accept_contract(ServerCall& call, const ListenerContext::Served& served);
    bool may_attempt(ServerCall& call, std::uint32_t attempt, std::uint32_t attempts_max);
    void expect_parts(ServerCall& call, const protocol::Metadata& metadata);

    void start_large(std::unique_ptr<ServerCall> call);
    /// in   before: of listeners that are gone; read under the mutex
    std::uint64_t sum(SingleWriterCounter ListenerCounts::* count,
                      const std::uint64_t& before) const noexcept;
    std::uint64_t ended() const noexcept;

    struct TrimTask final : Task {
        void run_task() noexcept override;
        std::atomic<bool> is_queued = false;
    };

    Workers& workers_;
    TrimTask trim_;
    Log& handler_log_;
    RunningCalls calls_;
    ContractSkews skews_;

    mutable std::mutex mutex_;  // of what follows
    std::vector<ListenerContext*> listeners_;
    // By listeners that are gone.
    std::uint64_t begun_before_ = 0;
    std::uint64_t ended_before_ = 0;
};

}  // namespace warren::runtime
