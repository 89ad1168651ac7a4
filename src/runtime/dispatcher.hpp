#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "protocol/call.hpp"
#include "runtime/counters.hpp"
#include "runtime/forwarder.hpp"
#include "runtime/job.hpp"
#include "runtime/lane.hpp"
#include "runtime/locks.hpp"
#include "runtime/one_way_failures.hpp"
#include "runtime/refusals.hpp"
#include "runtime/workers.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <vector>

namespace warren::runtime {

/// What a line of the log shows of an error's own words.
inline constexpr std::size_t log_details_bytes_max = 2048;

/// Whether a handler may fail with this code. The others state facts about the way a call took,
/// which a handler cannot know, such as that nothing was done; they become `internal`.
bool handler_may_claim(Code code) noexcept;

/// What happens to a call, the same on every transport: find the method, open the secrets, bind,
/// take the lock, run the handler, check and render the response. One per server.
///
/// A call of a listener that forwards is parked instead, and holds no thread, until its forwarder
/// has its outcome. One whose deadline passes before is `deadline_exceeded`, and its stop token is
/// set; whatever comes after that is dropped.
///
/// A deadline that passes before the handler starts answers `expired_in_queue`, in time also for
/// calls that wait for a lock or a worker; one that passes later sets the handler's stop token.
/// What the handler then answers is the answer, but a failure of its own is `deadline_exceeded`.
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

    /// Take no more calls (they are answered `overloaded`) and say when every one is answered.
    /// thread any; `on_idle` runs on whichever thread answers last, or inside of this call
    void drain(std::move_only_function<void()> on_idle);

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

    const Counters& counters() const noexcept { return counters_; }
    /// Of calls without an answer: all that failed.
    std::uint64_t one_way_failures() const noexcept { return one_way_failures_.count(); }
    const LockTable& locks() const noexcept { return locks_; }
    /// Whether the log gets a line about each call.
    bool shows_calls() const noexcept { return shows_calls_; }
    std::size_t queued() const noexcept { return workers_.queued(); }

private:
    friend class Job;
    friend class Lane;
    friend class ParkedAnswer;

    // Each leaves an answer in the job when it gives false.
    bool prepare(Job& job, const protocol::Call& call);
    bool bind(Job& job, const protocol::Call& call);
    bool describe(Job& job, const protocol::Call& call);
    bool prepare_handler(Job& job, const protocol::Call& call);

    void take_in(Job& job, Lane& lane) noexcept;
    void start(std::unique_ptr<Job> job);
    void read_large(std::unique_ptr<Job> job) noexcept;
    void go_on(std::unique_ptr<Job> job);
    void forward(std::unique_ptr<Job> job, const protocol::Call& call);
    void take_outcome(Job& job, std::expected<ForwardedReply, Failure> outcome) noexcept;
    void end_parked(Job& job, Code why) noexcept;
    void begin(std::unique_ptr<Job> job);
    void resume(Job& job);
    void run(std::unique_ptr<Job> job) noexcept;
    void turn_away(std::unique_ptr<Job> job, std::string_view why) noexcept;
    template <typename Function>
    void guard(Job& job, Function&& function) noexcept;
    template <typename Function>
    void refusing_for_memory(Job& job, Function&& function);
    void take_result(Job& job);
    bool is_late(const Job& job) const noexcept;
    void take_failure(Job& job, const Failure& failure) noexcept;
    void make_up_answer(Job& job);
    void answer_with(Job& job, std::optional<Code> failure, std::string message, const void* data);
    void fail(Job& job, Failure failure) noexcept;
    void refuse_overload(Job& job, std::string message);
    static std::string whose(const Job& job);
    static std::string_view name_of_method(const Job& job) noexcept;
    void fail_internally(Job& job, std::string_view details) noexcept;
    void report(const Job& job, std::string_view details) noexcept;
    bool may_attempt(Job& job);
    /// Log a call and what became of it.
    void show(const Job& job) noexcept;
    void tell_one_way_failure(const Job& job) noexcept;
    void finish(std::unique_ptr<Job> job) noexcept;
    void end(Lane::Swept swept, Code why) noexcept;

    void tell_idle();

    void attach(Lane& lane);
    void detach(Lane& lane);

    struct TrimTask final : Task {
        void run_task() noexcept override;
        std::atomic<bool> is_queued = false;
    };

    Workers& workers_;
    TrimTask trim_;
    const core::Clock& clock_;
    Log& log_;
    Log& handler_log_;
    const bool shows_calls_ = log_.shows_calls();
    LockTable locks_;
    Counters counters_;
    OneWayFailures one_way_failures_;

    std::atomic<bool> draining_ = false;
    std::atomic<bool> cancelled_ = false;
    std::atomic<std::size_t> unfinished_ = 0;
    std::mutex mutex_;  // of what follows
    std::vector<Lane*> lanes_;
    std::move_only_function<void()> on_idle_;
};

/// The one catch site around code of the user: handlers, and the types and checks of requests.
template <typename Function>
void Dispatcher::guard(Job& job, Function&& function) noexcept {
    try {
        function();
    } catch (const Error& error) {
        take_failure(job, error.failure());
    } catch (const std::exception& error) {
        fail_internally(job, error.what());
    } catch (...) {
        fail_internally(job, "something was thrown that is no std::exception");
    }
}

/// What reading and binding a request needs, and is not there, is no defect of anybody's.
template <typename Function>
void Dispatcher::refusing_for_memory(Job& job, Function&& function) {
    try {
        function();
    } catch (const Arena::Full& full) {
        fail(job, overloaded(full.what()));
    } catch (const std::bad_alloc&) {
        fail(job, out_of_memory());
    }
}

}  // namespace warren::runtime
