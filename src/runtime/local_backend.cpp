#include "core/clock.hpp"
#include "model/arguments.hpp"
#include "model/footprint.hpp"
#include "model/render.hpp"
#include "runtime/backend.hpp"

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
        if (calls_.may_start(*job)) {
            job->state.has_begun.store(true, std::memory_order_relaxed);
            calls_.guard(*job, [&] {
                Invocation& invocation = *job->state.invocation;
                invocation.run(job->state.context);
                if (invocation.failure) {
                    calls_.take_failure(*job, *invocation.failure);
                } else {
                    calls_.respond(*job, invocation.success, std::move(invocation.message),
                                   invocation.data);
                }
            });
        }
        calls_.finish(std::move(job), at);
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
