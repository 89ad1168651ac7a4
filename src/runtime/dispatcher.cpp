#include "runtime/dispatcher.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "model/arguments.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::chrono::milliseconds overload_retry_after{1000};
// Made-up answers are the same every time, so that what is built upon them can be tested.
constexpr std::uint64_t mock_seed = 1;

Failure invalid(std::vector<FieldError> errors) {
    return {.code = Code::invalid_request,
            .message = "Request validation failed",
            .errors = std::move(errors)};
}

Failure expired() {
    return {.code = Code::expired_in_queue,
            .message = "The deadline passed before the method started"};
}

Failure abandoned() {
    return {.code = Code::cancelled, .message = "The caller's connection is gone"};
}

/// Tokens bear the time of day, so it is the one clock that counts.
std::int64_t unix_seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::optional<format::TimeToLive> time_to_live(const ListenerPolicy& policy) {
    if (!policy.secrets_ttl) {
        return std::nullopt;
    }
    return format::TimeToLive{.ttl_s = policy.secrets_ttl->count(), .now_s = unix_seconds_now()};
}

/// A handler that gives up because the deadline has passed is not what went wrong, and the caller,
/// whose own clock decides the same at the same moment, is to read one name for it.
Failure interrupted(std::string_view message) {
    return {.code = Code::deadline_exceeded,
            .message = fmt::format("The deadline passed while the handler ran: {}", message)};
}

/// Errors as one line, without values.
std::string summary_of(const std::vector<FieldError>& errors) {
    std::string line;
    for (const FieldError& error : errors) {
        line += fmt::format("{}{}: {} [{}]", line.empty() ? "" : "; ",
                            error.location.empty() ? "(all)" : to_string(error.location),
                            error.message, error.type);
    }
    return line;
}

}  // namespace

Failure overloaded(std::string message) {
    return {.code = Code::overloaded,
            .message = std::move(message),
            .retry_after = overload_retry_after};
}

Failure stopping() {
    return overloaded("This server is stopping");
}

bool handler_may_claim(Code code) noexcept {
    switch (code) {
    case Code::invalid_request:
    case Code::deadline_exceeded:
    case Code::overloaded:
    case Code::unauthenticated:
    case Code::conflict:
    case Code::cancelled:
    case Code::failed:
        return true;
    case Code::no_such_method:
    case Code::no_responder:
    case Code::expired_in_queue:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::contract_mismatch:
    case Code::internal:
        return false;
    }
    std::unreachable();
}

Dispatcher::Dispatcher(Workers& workers, const core::Clock& clock, Log& log,
                       const core::Limits& limits)
    : workers_{workers}, clock_{clock}, log_{log}, locks_{limits.lock_waiters_max} {}

Dispatcher::~Dispatcher() {
    WARREN_ASSERT(lanes_.empty() && unfinished_ == 0);
}

void Dispatcher::dispatch(std::unique_ptr<Job> job, const protocol::Call& call, Lane& lane) {
    take_in(*job, lane);
    bool ready = false;
    guard(*job, [&] { ready = prepare(*job, call); });
    if (ready) {
        start(std::move(job));
    } else {
        finish(std::move(job));
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
    if (job.series_ != nullptr) {
        job.taken_in_ = clock_.now();
    }
    unfinished_.fetch_add(1);
    counters_.calls.fetch_add(1, std::memory_order_relaxed);
    counters_.in_flight.fetch_add(1, std::memory_order_relaxed);
}

bool Dispatcher::prepare(Job& job, const protocol::Call& call) {
    const auto [method, series] = job.lane_->find(call.method);
    if (method == nullptr) {
        fail(job, {.code = Code::no_such_method,
                   .message = fmt::format("There is no method '{}' here",
                                          core::text_for_display(call.method))});
        return false;
    }
    job.method_ = method;
    job.series_ = series;
    if (draining_ || cancelled_) {
        fail(job, stopping());
        return false;
    }
    Context& context = job.context_;
    context.method = method->name;
    context.correlation_id = job.arena.copy(call.correlation_id);
    context.caller = job.arena.copy(call.caller);
    context.idempotency_key = job.arena.copy(call.idempotency_key);
    context.traceparent = job.arena.copy(call.traceparent);
    context.attempt = call.attempt;
    context.log = &log_;
    if (call.time_left) {
        if (call.time_left->count() <= 0) {
            fail(job, expired());
            return false;
        }
        context.deadline = job.lane_->executor().now() + *call.time_left;
    }
    if (!bind(job, call)) {
        return false;
    }
    if (job.lane_->policy().answers == Answers::made_up) {
        make_up_answer(job);
        return false;
    }
    if (method->locking == Locking::field) {
        const Field& field = *method->lock_field;
        const Value value =
            model::render(*field.type, field.access_const(job.invocation_->request()), job.arena);
        write_lock_key(*method, &value, job.lock_key_);
    } else if (method->locking == Locking::alone) {
        write_lock_key(*method, nullptr, job.lock_key_);
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
    void* const request = job.invocation_->request();
    auto errors = policy.keys.empty()
                      ? model::bind_arguments(*method.request, call.style, call.arguments, request)
                      : model::bind_arguments(*method.request, call.style, call.arguments,
                                              {policy.keys, policy.secrets, time_to_live(policy)},
                                              job.arena, request);
    if (!errors.empty()) {
        fail(job, invalid(std::move(errors)));
        return false;
    }
    return true;
}

void Dispatcher::make_up_answer(Job& job) {
    const Method& method = *job.method_;
    job.mock_ = method.make_response();
    if (const auto errors = model::mock(*method.response, mock_seed, job.mock_.get());
        !errors.empty()) {
        fail_internally(job, "no response can be made up: " + summary_of(errors));
        return;
    }
    answer_with(job, std::nullopt, "OK", job.mock_.get());
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
    switch (locks_.acquire(*waiting, waiting->lock_key_)) {
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
        guard(*job, [&] {
            job->invocation_->run(job->context_);
            take_result(*job);
        });
    }
    finish(std::move(job));
}

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

void Dispatcher::take_result(Job& job) {
    Invocation& invocation = *job.invocation_;
    if (invocation.failure) {
        take_failure(job, *invocation.failure);
        return;
    }
    if (!invocation.success && is_late(job)) {
        fail(job, interrupted(invocation.message));
        return;
    }
    answer_with(job, invocation.success ? std::nullopt : std::optional{Code::failed},
                std::move(invocation.message), invocation.data);
}

bool Dispatcher::is_late(const Job& job) const noexcept {
    return job.context_.deadline && clock_.has_come(*job.context_.deadline);
}

void Dispatcher::take_failure(Job& job, const Failure& failure) noexcept {
    if (!handler_may_claim(failure.code)) {
        fail_internally(job, to_string(failure));
        return;
    }
    fail(job,
         failure.code == Code::failed && is_late(job) ? interrupted(failure.message) : failure);
}

void Dispatcher::answer_with(Job& job, std::optional<Code> failure, std::string message,
                             const void* data) {
    const Type& type = *job.method_->response;
    job.message_ = std::move(message);
    std::optional<Value> rendered;
    if (data != nullptr) {
        if (const auto errors = model::validate(type, data); !errors.empty()) {
            fail_internally(job, "the response breaks its contract: " + summary_of(errors));
            return;
        }
        rendered = model::render(type, data, job.arena);
        if (const format::Keyring& keys = job.lane_->policy().keys; !keys.empty()) {
            const auto closed =
                model::encrypt_response(type, *rendered, keys, unix_seconds_now(), job.arena);
            if (!closed) {
                fail_internally(job, format::message_of(closed.error()));
                return;
            }
            rendered = *closed;
        }
    }
    job.answer_.failure = failure;
    job.answer_.message = job.message_;
    job.answer_.data = rendered;
}

void Dispatcher::fail(Job& job, Failure failure) noexcept {
    job.failure_ = std::move(failure);
    const Failure& kept = job.failure_;
    job.answer_ = {
        .failure = kept.code,
        .message = kept.message,
        .data = kept.data.value().is_null() ? std::nullopt : std::optional{kept.data.value()},
        .errors = kept.errors,
        .retry_after = kept.retry_after};
}

void Dispatcher::refuse_overload(Job& job, std::string message) {
    fail(job, overloaded(std::move(message)));
}

/// For a log line: which call it is, or else where it came in.
std::string Dispatcher::whose(const Job& job) {
    const std::string_view id = job.context_.correlation_id;
    return id.empty() ? job.lane_->policy().name
                      : "correlation id '" + core::text_for_display(id) + '\'';
}

void Dispatcher::fail_internally(Job& job, std::string_view details) noexcept {
    log_.error(fmt::format("{} ({}): {}",
                           job.method_ != nullptr ? job.method_->name : "(no method)", whose(job),
                           core::text_for_display(details, log_details_bytes_max)));
    fail(job, {.code = Code::internal, .message = "An unexpected error occurred"});
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
    } else {
        counters_.successes.fetch_add(1, std::memory_order_relaxed);
    }
    counters_.in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (job->series_ != nullptr) {
        job->series_->record(job->answer_.failure, clock_.now() - job->taken_in_,
                             job->request_bytes);
    }
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
        fail(*job, why == Code::expired_in_queue ? expired()
                   : why == Code::cancelled      ? abandoned()
                                                 : stopping());
        finish(std::move(job));
    }
}

void Dispatcher::abandon(Lane& lane, const std::function<bool(const Job&)>& is_abandoned) noexcept {
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
