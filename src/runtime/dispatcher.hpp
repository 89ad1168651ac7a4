#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "protocol/call.hpp"
#include "runtime/counters.hpp"
#include "runtime/job.hpp"
#include "runtime/lane.hpp"
#include "runtime/refusals.hpp"
#include "runtime/running_calls.hpp"
#include "runtime/workers.hpp"

#include <atomic>
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
/// What the handler then answers is the answer, but a failure of its own is `deadline_exceeded`.
///
/// A forwarded call whose deadline passes is `deadline_exceeded`, and its stop token is set;
/// whatever comes after that is dropped.
class Dispatcher {
public:
    /// in  all must outlive the dispatcher; workers must be stopped before it is destroyed
    ///     handler_log: what handlers find in their contexts; null: the same
    Dispatcher(Workers& workers, const core::Clock& clock, Log& log,
               const core::Limits& limits = {}, Log* handler_log = nullptr);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Answer a call. `Job::finished` follows: inside of this call, on a worker or on the lane's
    /// I/O thread.          thread the lane's I/O thread
    /// in  call: needed during this call only
    void dispatch(std::unique_ptr<Job> job, const protocol::Call& call, Lane& lane);

    /// The same for a request that is not read yet: a worker does that.
    /// in  request: read in its job's memory
    void dispatch_large(std::unique_ptr<Job> job, std::unique_ptr<LargeRequest> request,
                        Lane& lane);

    /// Answer with a failure what could not be understood as a call.
    void refuse(std::unique_ptr<Job> job, Failure failure, Lane& lane);

    /// Answer a call with a failure and never run it, if it has not started.
    /// in   a job that exists, dispatched to this lane
    /// out  false when it has started, or is finished
    /// thread the lane's I/O thread
    bool withdraw(Job& job, Lane& lane, Failure why) noexcept;

    /// Nobody waits for some calls of a lane any more: set the stop tokens of those that run, and
    /// answer the others with a failure.          thread the lane's I/O thread
    /// in   is_abandoned: asked of each that is watched, also where nothing is to be done any more
    /// cost O(calls of the lane that are watched)
    void abandon(Lane& lane, const std::function<bool(Job&)>& is_abandoned) noexcept;

    /// Have a worker give memory that was freed back to the system.          thread any
    void trim_memory();

    /// Set every handler's stop token and answer what has not started with `overloaded`, also all
    /// calls from now on.          thread any
    void cancel_all();

    const Counters& counters() const noexcept { return calls_.counters; }
    /// Of calls without an answer: all that failed.
    std::uint64_t one_way_failures() const noexcept { return calls_.one_way_failures(); }
    const LockTable& locks() const noexcept { return calls_.locks; }
    /// Whether the log gets a line about each call.
    bool shows_calls() const noexcept { return calls_.shows_calls; }
    std::size_t queued() const noexcept { return workers_.queued(); }

    // What lanes use.
    RunningCalls& calls() noexcept { return calls_; }
    Workers& workers() noexcept { return workers_; }
    void read_large(std::unique_ptr<Job> job) noexcept;
    void attach(Lane& lane);
    void detach(Lane& lane);

private:
    // Each leaves an answer in the job when it gives false.
    bool admit(Job& job, const protocol::Call& call);
    bool describe(Job& job, const protocol::Call& call);
    bool may_attempt(Job& job);

    void start_large(std::unique_ptr<Job> job);

    struct TrimTask final : Task {
        void run_task() noexcept override;
        std::atomic<bool> is_queued = false;
    };

    Workers& workers_;
    TrimTask trim_;
    Log& handler_log_;
    RunningCalls calls_;

    std::mutex mutex_;  // of what follows
    std::vector<Lane*> lanes_;
};

}  // namespace warren::runtime
