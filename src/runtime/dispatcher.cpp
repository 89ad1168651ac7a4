#include "runtime/dispatcher.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "model/arguments.hpp"
#include "model/footprint.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::size_t counted_values_bytes_min = 4096;

Failure invalid(std::vector<FieldError> errors) {
    return {.code = Code::invalid_request,
            .message = "Request validation failed",
            .errors = std::move(errors)};
}

std::optional<format::TimeToLive> time_to_live(const ListenerPolicy& policy) {
    if (!policy.secrets_ttl) {
        return std::nullopt;
    }
    return format::TimeToLive{.ttl_s = policy.secrets_ttl->count(),
                              .now_s = core::unix_seconds_now()};
}

}  // namespace

Dispatcher::Dispatcher(Workers& workers, const core::Clock& clock, Log& log,
                       const core::Limits& limits, Log* handler_log)
    : workers_{workers},
      clock_{clock},
      log_{log},
      handler_log_{handler_log != nullptr ? *handler_log : log},
      locks_{limits.lock_waiters_max},
      one_way_failures_{log, clock} {}

Dispatcher::~Dispatcher() {
    WARREN_ASSERT(lanes_.empty() && unfinished_ == 0);
}

void Dispatcher::dispatch(std::unique_ptr<Job> job, const protocol::Call& call, Lane& lane) {
    take_in(*job, lane);
    bool ready = false;
    guard(*job, [&] { refusing_for_memory(*job, [&] { ready = prepare(*job, call); }); });
    if (!ready) {
        finish(std::move(job));
    } else if (lane.policy().forwarder != nullptr) {
        forward(std::move(job), call);
    } else {
        start(std::move(job));
    }
}

void Dispatcher::refuse(std::unique_ptr<Job> job, Failure failure, Lane& lane) {
    take_in(*job, lane);
    fail(*job, std::move(failure));
    finish(std::move(job));
}

void Dispatcher::take_in(Job& job, Lane& lane) noexcept {
    job.dispatcher_ = this;
    job.lane_ = &lane;
    job.series_ = lane.unknown_series();
    if (job.series_ != nullptr || shows_calls_) {
        job.taken_in_ = clock_.now();
    }
    unfinished_.fetch_add(1);
    counters_.in_flight.fetch_add(1, std::memory_order_relaxed);
}

bool Dispatcher::prepare(Job& job, const protocol::Call& call) {
    const Lane::Served* const served = job.lane_->find(call.method);
    const bool has_name = served != nullptr && served->method != nullptr;
    job.context_.correlation_id = job.arena.copy(call.correlation_id);
    job.context_.method =
        has_name ? std::string_view{served->method->name} : job.arena.copy(call.method);
    if (served == nullptr) {
        fail(job, {.code = Code::no_such_method,
                   .message = fmt::format("There is no method '{}' here",
                                          core::text_for_display(call.method))});
        return false;
    }
    job.method_ = served->method;
    job.series_ = served->series;
    if (draining_ || cancelled_) {
        fail(job, stopping());
        return false;
    }
    if (!describe(job, call) || !may_attempt(job)) {
        return false;
    }
    return job.lane_->policy().forwarder != nullptr || prepare_handler(job, call);
}

/// What the call says of itself.
bool Dispatcher::describe(Job& job, const protocol::Call& call) {
    Context& context = job.context_;
    context.caller = job.arena.copy(call.caller);
    context.idempotency_key = job.arena.copy(call.idempotency_key);
    context.traceparent = job.arena.copy(call.traceparent);
    context.attempt = call.attempt;
    context.log = &handler_log_;
    if (call.time_left) {
        if (call.time_left->count() <= 0) {
            fail(job, expired());
            return false;
        }
        context.deadline =
            (job.large_ != nullptr ? job.large_->came_at : job.lane_->executor().now()) +
            *call.time_left;
    }
    return true;
}

/// A call that was begun often enough, and never got done, may be what ends its process.
bool Dispatcher::may_attempt(Job& job) {
    const std::uint32_t attempts_max = job.lane_->policy().attempts_max;
    if (attempts_max == 0 || job.context_.attempt <= attempts_max) [[likely]] {
        return true;
    }
    counters_.attempts_refused.fetch_add(1, std::memory_order_relaxed);
    std::string why = fmt::format(
        "Kept from running: it was begun {} times and never done "
        "(attempts_max is {})",
        job.context_.attempt - 1, attempts_max);
    report(job, why);
    fail(job, {.code = Code::failed, .message = std::move(why)});
    return false;
}

bool Dispatcher::prepare_handler(Job& job, const protocol::Call& call) {
    if (!bind(job, call)) {
        return false;
    }
    if (job.lane_->policy().answers == Answers::made_up) {
        make_up_answer(job);
        return false;
    }
    const Method& method = *job.method_;
    if (method.locking == Locking::field) {
        const Field& field = *method.lock_field;
        const Value value =
            model::render(*field.type, field.access_const(job.invocation_->request()), job.arena);
        write_lock_key(method, &value, job.lock_key_);
    } else if (method.locking == Locking::alone) {
        write_lock_key(method, nullptr, job.lock_key_);
    }
    return true;
}

bool Dispatcher::bind(Job& job, const protocol::Call& call) {
    const Method& method = *job.method_;
    const ListenerPolicy& policy = job.lane_->policy();
    if (job.invocation_of_ != &method) {
        job.invocation_ = method.make_invocation();
        job.invocation_of_ = &method;
    }
    // Of small requests what their arguments take is not worth looking.
    if (job.values_bytes > counted_values_bytes_min && job.memory != nullptr) [[unlikely]] {
        const std::size_t bytes = model::footprint(*method.request, call.arguments);
        if (const char* const reason = job.held_.take(*job.memory, bytes)) {
            fail(job, overloaded(reason));
            return false;
        }
    }
    void* const request = job.invocation_->request();
    auto errors = policy.keys.empty()
                      ? model::bind_arguments(*method.request, call.style, call.arguments, request)
                      : model::bind_arguments(*method.request, call.style, call.arguments,
                                              {policy.keys, policy.secrets, time_to_live(policy),
                                               policy.secrets_depth},
                                              job.arena, request);
    if (!errors.empty()) {
        fail(job, invalid(std::move(errors)));
        return false;
    }
    return true;
}

void Dispatcher::start(std::unique_ptr<Job> job) {
    const Method& method = *job->method_;
    if (method.locking == Locking::none) {
        if (method.execution == Execution::worker) {
            job->lane_->watch(*job);
        }
        begin(std::move(job));
        return;
    }
    job->lane_->watch(*job);
    // Once it waits, another thread may already run it.
    Job* const waiting = job.release();
    switch (locks_.acquire(
        *waiting, waiting->lock_key_,
        waiting->wants_answer ? LockTable::Admission::limited : LockTable::Admission::any)) {
    case LockTable::Outcome::held:
        waiting->holds_lock_ = true;
        begin(std::unique_ptr<Job>{waiting});
        return;
    case LockTable::Outcome::waits:
        return;
    case LockTable::Outcome::refused:
        refuse_overload(*waiting, "As many calls wait for locks as may (lock_waiters_max)");
        finish(std::unique_ptr<Job>{waiting});
        return;
    }
}

void Dispatcher::begin(std::unique_ptr<Job> job) {
    switch (job->method_->execution) {
    case Execution::inline_:
        run(std::move(job));
        return;
    case Execution::worker: {
        Job* const queued = job.release();
        queued->lane_->queue(*queued);
        return;
    }
    }
}

void Dispatcher::resume(Job& job) {
    job.holds_lock_ = true;
    job.lane_->resume(job);
}

bool Dispatcher::withdraw(Job& job, Lane& lane, Failure why) noexcept {
    if (!lane.withdraw(job)) {
        return false;
    }
    std::unique_ptr<Job> withdrawn{&job};
    job.is_withdrawn_ = true;
    fail(job, std::move(why));
    finish(std::move(withdrawn));
    return true;
}

void Dispatcher::run(std::unique_ptr<Job> job) noexcept {
    const std::optional<Context::TimePoint> deadline = job->context_.deadline;
    if (cancelled_) {
        fail(*job, stopping());
    } else if (deadline && clock_.has_come(*deadline)) {
        fail(*job, expired());
    } else {
        job->has_begun_.store(true, std::memory_order_relaxed);
        guard(*job, [&] {
            job->invocation_->run(job->context_);
            take_result(*job);
        });
    }
    finish(std::move(job));
}

void Dispatcher::turn_away(std::unique_ptr<Job> job, std::string_view why) noexcept {
    refuse_overload(*job, std::string{why});
    finish(std::move(job));
}

void Dispatcher::finish(std::unique_ptr<Job> job) noexcept {
    if (job->watched_) {
        job->lane_->unwatch(*job);
    }
    if (job->holds_lock_) {
        job->holds_lock_ = false;
        if (LockTicket* const next = locks_.release(*job)) {
            resume(static_cast<Job&>(*next));
        }
    }
    if (job->answer_.failure) {
        const auto code = static_cast<std::size_t>(*job->answer_.failure);
        counters_.failures[code].fetch_add(1, std::memory_order_relaxed);
        if (!job->wants_answer && !job->is_withdrawn_) [[unlikely]] {
            tell_one_way_failure(*job);
        }
    } else {
        counters_.successes.fetch_add(1, std::memory_order_relaxed);
    }
    counters_.in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (job->series_ != nullptr) {
        job->series_->record(job->answer_.failure, clock_.now() - job->taken_in_,
                             job->request_bytes);
    }
    if (shows_calls_) [[unlikely]] {
        show(*job);
    }
    job->answer_.method = job->context_.method;
    Job& finished = *job;
    finished.finished(std::move(job));
    if (unfinished_.fetch_sub(1) == 1 && draining_) {
        tell_idle();
    }
}

void Dispatcher::end(Lane::Swept swept, Code why) noexcept {
    for (std::stop_source& running : swept.running) {
        running.request_stop();
    }
    while (Task* const task = swept.expired.pop()) {
        std::unique_ptr<Job> job{static_cast<Job*>(task)};
        if (job->parked_) {
            end_parked(*job, why);
        } else {
            fail(*job, why == Code::expired_in_queue ? expired()
                       : why == Code::cancelled      ? abandoned()
                                                     : stopping());
        }
        finish(std::move(job));
    }
}

void Dispatcher::abandon(Lane& lane, const std::function<bool(Job&)>& is_abandoned) noexcept {
    end(lane.sweep_abandoned(is_abandoned), Code::cancelled);
}

void Dispatcher::drain(std::move_only_function<void()> on_idle) {
    {
        const std::lock_guard guard{mutex_};
        on_idle_ = std::move(on_idle);
    }
    draining_ = true;
    if (unfinished_ == 0) {
        tell_idle();
    }
}

void Dispatcher::tell_idle() {
    std::move_only_function<void()> on_idle;
    {
        const std::lock_guard guard{mutex_};
        on_idle = std::exchange(on_idle_, nullptr);
    }
    if (on_idle) {
        on_idle();
    }
}

void Dispatcher::cancel_all() {
    cancelled_ = true;
    std::vector<Lane::Swept> swept;
    {
        const std::lock_guard guard{mutex_};
        for (Lane* const lane : lanes_) {
            swept.push_back(lane->sweep(std::nullopt));
        }
    }
    for (Lane::Swept& of_lane : swept) {
        end(std::move(of_lane), Code::overloaded);
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

}  // namespace warren::runtime
