#include "runtime/dispatcher.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "runtime/backend.hpp"

#include <fmt/format.h>

#include <malloc.h>
#include <new>
#include <utility>

namespace warren::runtime {
namespace {

/// What reading and binding a request needs, and is not there, is no defect of anybody's.
template <typename Function>
bool prepare(RunningCalls& calls, Job& job, Function&& function) noexcept {
    bool is_ready = false;
    calls.guard(job, [&] {
        try {
            is_ready = function();
        } catch (const Arena::Full& full) {
            job.fail(overloaded(full.what()));
        } catch (const std::bad_alloc&) {
            job.fail(out_of_memory());
        }
    });
    return is_ready;
}

}  // namespace

Dispatcher::Dispatcher(Workers& workers, const core::Clock& clock, Log& log,
                       const core::Limits& limits, Log* handler_log)
    : workers_{workers},
      handler_log_{handler_log != nullptr ? *handler_log : log},
      calls_{clock, log, limits.lock_waiters_max} {}

Dispatcher::~Dispatcher() {
    WARREN_ASSERT(lanes_.empty() && calls_.counters.in_flight == 0);
}

void Dispatcher::dispatch(std::unique_ptr<Job> job, const protocol::Call& call, Lane& lane) {
    calls_.begin(*job, lane);
    if (prepare(calls_, *job, [&] { return admit(*job, call); })) {
        lane.backend().start(std::move(job), call, At::dispatch);
    } else {
        calls_.finish(std::move(job), At::dispatch);
    }
}

void Dispatcher::dispatch_large(std::unique_ptr<Job> job, std::unique_ptr<LargeRequest> request,
                                Lane& lane) {
    if (calls_.is_cancelled()) {
        return refuse(std::move(job), stopping(), lane);
    }
    calls_.begin(*job, lane);
    request->came_at = lane.executor().now();
    job->state.large = std::move(request);
    lane.watch(*job);
    lane.queue(*job.release());
}

void Dispatcher::refuse(std::unique_ptr<Job> job, Failure failure, Lane& lane) {
    calls_.begin(*job, lane);
    job->fail(std::move(failure));
    calls_.finish(std::move(job), At::dispatch);
}

bool Dispatcher::admit(Job& job, const protocol::Call& call) {
    Lane& lane = *job.state.lane;
    Context& context = job.state.context;
    const Lane::Served* const served = lane.find(call.method);
    const bool has_name = served != nullptr && served->method != nullptr;
    context.correlation_id = job.arena.copy(call.correlation_id);
    context.method =
        has_name ? std::string_view{served->method->name} : job.arena.copy(call.method);
    if (served == nullptr) {
        job.fail({.code = Code::no_such_method,
                  .message = fmt::format("There is no method '{}' here",
                                         core::text_for_display(call.method))});
        return false;
    }
    job.state.method = served->method;
    job.state.series = served->series;
    if (calls_.is_cancelled()) {
        job.fail(stopping());
        return false;
    }
    return describe(job, call) && may_attempt(job) && lane.backend().prepare(job, call);
}

/// What the call says of itself.
bool Dispatcher::describe(Job& job, const protocol::Call& call) {
    const JobState& state = job.state;
    const protocol::Metadata& metadata = call.metadata;
    Context& context = job.state.context;
    context.caller = job.arena.copy(metadata.caller);
    context.idempotency_key = job.arena.copy(metadata.idempotency_key);
    context.traceparent = job.arena.copy(metadata.traceparent);
    context.attempt = metadata.attempt;
    context.log = &handler_log_;
    if (metadata.time_left) {
        if (metadata.time_left->count() <= 0) {
            job.fail(expired());
            return false;
        }
        context.deadline =
            (state.large != nullptr ? state.large->came_at : state.lane->executor().now()) +
            *metadata.time_left;
    }
    return true;
}

/// A call that was begun often enough, and never got done, may be what ends its process.
bool Dispatcher::may_attempt(Job& job) {
    const std::uint32_t attempts_max = job.state.lane->policy().attempts_max;
    const std::uint32_t attempt = job.state.context.attempt;
    if (attempts_max == 0 || attempt <= attempts_max) [[likely]] {
        return true;
    }
    calls_.counters.attempts_refused.fetch_add(1, std::memory_order_relaxed);
    std::string why =
        fmt::format("Kept from running: it was begun {} times and never done (attempts_max is {})",
                    attempt - 1, attempts_max);
    calls_.report(job, why);
    job.fail({.code = Code::failed, .message = std::move(why)});
    return false;
}

void Dispatcher::read_large(std::unique_ptr<Job> job) noexcept {
    LargeRequest& request = *job->state.large;
    const bool is_ready = prepare(calls_, *job, [&] {
        auto call = request.read();
        if (!call) {
            job->fail(std::move(call.error()));
            return false;
        }
        job->values_bytes = request.values.used_bytes();
        request.call = *call;
        return admit(*job, *call);
    });
    if (!is_ready) {
        job->state.large.reset();
        return calls_.finish(std::move(job), At::later);
    }
    Job* const prepared = job.release();
    prepared->state.lane->executor().post(
        [this, prepared] { start_large(std::unique_ptr<Job>{prepared}); });
}

/// Its deadline may have passed meanwhile, and its caller may have gone.
void Dispatcher::start_large(std::unique_ptr<Job> job) {
    if (!calls_.may_start(*job)) {
        job->state.large.reset();
        return calls_.finish(std::move(job), At::later);
    }
    // It may be answered, and gone, before this returns.
    const std::unique_ptr<LargeRequest> request = std::move(job->state.large);
    protocol::Call call = request != nullptr ? request->call : protocol::Call{};
    Lane& lane = *job->state.lane;
    if (const auto deadline = job->state.context.deadline) {
        call.metadata.time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
            *deadline - lane.executor().now());
    }
    lane.backend().start(std::move(job), call, At::later);
}

bool Dispatcher::withdraw(Job& job, Lane& lane, Failure why) noexcept {
    lane.flush();
    // What is parked may have begun.
    if (job.state.parked != nullptr || !lane.deadlines().take_out(job)) {
        return false;
    }
    job.state.is_withdrawn = true;
    job.fail(std::move(why));
    calls_.finish(std::unique_ptr<Job>{&job}, At::later);
    return true;
}

void Dispatcher::abandon(Lane& lane, const std::function<bool(Job&)>& is_abandoned) noexcept {
    lane.flush();
    const auto swept = lane.deadlines().sweep(
        [&](Watched& watched) { return is_abandoned(static_cast<Job&>(watched)); });
    calls_.end(swept, abandoned());
}

void Dispatcher::cancel_all() {
    calls_.cancel();
    std::vector<DeadlineWatch::Swept> swept;
    {
        const std::lock_guard guard{mutex_};
        for (Lane* const lane : lanes_) {
            swept.push_back(lane->deadlines().sweep([](const Watched&) { return true; }));
        }
    }
    for (const DeadlineWatch::Swept& of_lane : swept) {
        calls_.end(of_lane, stopping());
    }
}

void Dispatcher::attach(Lane& lane) {
    const std::lock_guard guard{mutex_};
    lanes_.push_back(&lane);
}

void Dispatcher::detach(Lane& lane) {
    const std::lock_guard guard{mutex_};
    std::erase(lanes_, &lane);
}

void Dispatcher::TrimTask::run_task() noexcept {
    is_queued.store(false);
    malloc_trim(0);
}

void Dispatcher::trim_memory() {
    if (!trim_.is_queued.exchange(true)) {
        workers_.push_admitted(trim_);
    }
}

}  // namespace warren::runtime
