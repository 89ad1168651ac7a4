#include "core/clock.hpp"
#include "model/arguments.hpp"
#include "model/footprint.hpp"
#include "model/render.hpp"
#include "runtime/backend.hpp"

#include <atomic>
#include <memory>
#include <utility>

// How handlers of this process answer calls.
namespace warren::runtime {
namespace {

constexpr std::size_t counted_values_bytes_min = 4096;

std::optional<format::TimeToLive> time_to_live(const ListenerPolicy& policy) {
    if (!policy.secrets_ttl) {
        return std::nullopt;
    }
    return format::TimeToLive{.ttl_s = policy.secrets_ttl->count(),
                              .now_s = core::unix_seconds_now()};
}

/// A call of a handler that responds later. It ends when the handler has returned and its responder
/// has gone, with a response or without, whichever comes last: until then the handler may use the
/// request. Destroys itself then.
class HandlerCall final : public detail::OpenCall {
public:
    /// Takes the job when nothing is thrown.
    HandlerCall(RunningCalls& calls, std::unique_ptr<Job>& job) noexcept
        : calls_{calls}, job_{std::move(job)} {}

    Invocation& invocation() noexcept override { return *job_->state.invocation; }
    void complete() noexcept override {
        has_result_ = true;
        leave(At::later);
    }
    void abandon() noexcept override { leave(At::later); }
    /// What the handler threw is in the job.
    void returned(At at) noexcept { leave(at); }

private:
    void leave(At at) noexcept {
        if (others_.fetch_sub(1, std::memory_order_acq_rel) != 0) {
            return;
        }
        const std::unique_ptr<HandlerCall> self{this};
        if (has_result_) {
            job_->state.answer = {};
            calls_.guard(*job_, [this] { calls_.take_result(*job_); });
        } else if (!job_->state.answer.failure) {
            calls_.fail_internally(*job_, "its handler let go of the responder without a response");
        }
        calls_.finish(std::move(job_), at);
    }

    RunningCalls& calls_;
    std::unique_ptr<Job> job_;
    std::atomic<int> others_ = 1;  // who has not left yet, beside the one that does
    bool has_result_ = false;
};

class LocalBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(Job& job, const protocol::Call& call) override {
        if (!bind(job, call)) {
            return false;
        }
        const Method& method = *job.state.method;
        if (method.locking == Locking::field) {
            const Field& field = *method.lock_field;
            const Value value = model::render(
                *field.type, field.access_const(job.state.invocation->request()), job.arena);
            write_lock_key(method, &value, job.state.lock_key);
        } else if (method.locking == Locking::alone) {
            write_lock_key(method, nullptr, job.state.lock_key);
        }
        return true;
    }

    void start(std::unique_ptr<Job> job, const protocol::Call&, At at) override {
        const Method& method = *job->state.method;
        if (method.locking != Locking::none || method.execution == Execution::worker) {
            lane_.watch(*job);
        }
        if (method.locking != Locking::none) {
            // Once it waits, another thread may already run it.
            Job* const waiting = job.release();
            const LockTable::Outcome outcome = calls_.locks.acquire(
                *waiting, waiting->state.lock_key,
                waiting->wants_answer ? LockTable::Admission::limited : LockTable::Admission::any);
            if (outcome == LockTable::Outcome::waits) {
                return;
            }
            job.reset(waiting);
            job->state.holds_lock = outcome == LockTable::Outcome::held;
            if (!job->state.holds_lock) {
                job->fail(overloaded("As many calls wait for locks as may (lock_waiters_max)"));
                return calls_.finish(std::move(job), at);
            }
        }
        if (method.execution == Execution::worker) {
            return lane_.queue(*job.release());
        }
        run(std::move(job), at);
    }

    void run(std::unique_ptr<Job> job, At at) noexcept override {
        if (!calls_.may_start(*job)) {
            return calls_.finish(std::move(job), at);
        }
        job->state.has_begun.store(true, std::memory_order_relaxed);
        if (job->state.method->responds_later) {
            return run_open(std::move(job), at);
        }
        calls_.guard(*job, [&] {
            job->state.invocation->run(job->state.context, nullptr);
            calls_.take_result(*job);
        });
        calls_.finish(std::move(job), at);
    }

private:
    void run_open(std::unique_ptr<Job> job, At at) noexcept {
        Job& running = *job;
        HandlerCall* call = nullptr;
        calls_.guard(running, [&] { call = new HandlerCall{calls_, job}; });
        if (call == nullptr) {
            return calls_.finish(std::move(job), at);
        }
        calls_.guard(running, [&] { running.state.invocation->run(running.state.context, call); });
        call->returned(at);
    }
};

}  // namespace

bool bind(Job& job, const protocol::Call& call) {
    JobState& state = job.state;
    const Method& method = *state.method;
    const ListenerPolicy& policy = state.lane->policy();
    if (state.invocation_of != &method) {
        state.invocation = method.make_invocation();
        state.invocation_of = &method;
    }
    // Of small requests what their arguments take is not worth looking.
    if (job.values_bytes > counted_values_bytes_min && job.memory != nullptr) [[unlikely]] {
        const std::size_t bytes = model::footprint(*method.request, call.arguments);
        if (const char* const reason = state.held.take(*job.memory, bytes)) {
            job.fail(overloaded(reason));
            return false;
        }
    }
    void* const request = state.invocation->request();
    auto errors = policy.keys.empty()
                      ? model::bind_arguments(*method.request, call.style, call.arguments, request)
                      : model::bind_arguments(*method.request, call.style, call.arguments,
                                              {policy.keys, policy.secrets, time_to_live(policy),
                                               policy.secrets_depth},
                                              job.arena, request);
    if (!errors.empty()) {
        job.fail({.code = Code::invalid_request,
                  .message = "Request validation failed",
                  .errors = std::move(errors)});
        return false;
    }
    state.large.reset();
    return true;
}

std::unique_ptr<Backend> make_local_backend(Lane& lane) {
    return std::make_unique<LocalBackend>(lane);
}

}  // namespace warren::runtime
