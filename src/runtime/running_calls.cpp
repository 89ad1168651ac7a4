#include "runtime/running_calls.hpp"

#include "core/utf8.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"
#include "runtime/backend.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::runtime {
namespace {

// What a line of the log shows of an error's own words.
constexpr std::size_t log_details_bytes_max = 2048;

/// A handler that gives up because the deadline has passed is not what went wrong, and the caller,
/// whose own clock decides the same at the same moment, is to read one name for it.
Failure interrupted(std::string_view message) {
    return {.code = Code::deadline_exceeded,
            .message = fmt::format("The deadline passed while the handler ran: {}", message)};
}

/// For a log line: the method, and which call it is, or else where it came in.
std::string name_of(const Job& job) {
    const std::string_view method = job.state.context.method;
    const std::string_view id = job.state.context.correlation_id;
    return fmt::format("{} ({})", core::text_for_display(method.empty() ? "(no method)" : method),
                       id.empty() ? job.state.lane->policy().name
                                  : "correlation id '" + core::text_for_display(id) + '\'');
}

}  // namespace

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
    case Code::reply_over_limit:
    case Code::internal:
        return false;
    }
    std::unreachable();
}

std::string summary_of(const std::vector<FieldError>& errors) {
    std::string line;
    for (const FieldError& error : errors) {
        line += fmt::format("{}{}: {} [{}]", line.empty() ? "" : "; ",
                            error.location.empty() ? "(all)" : to_string(error.location),
                            error.message, error.type);
    }
    return line;
}

RunningCalls::RunningCalls(const core::Clock& clock, Log& log, std::size_t lock_waiters_max)
    : locks{lock_waiters_max},
      shows_calls{log.shows_calls()},
      clock_{clock},
      log_{log},
      one_way_failures_{log, clock} {}

void RunningCalls::begin(Job& job, Lane& lane) noexcept {
    job.state.lane = &lane;
    job.state.series = lane.unknown_series();
    if (job.state.series != nullptr || shows_calls) {
        job.state.began_at = clock_.now();
    }
    counters.in_flight.fetch_add(1, std::memory_order_relaxed);
}

bool RunningCalls::may_start(Job& job) const noexcept {
    if (is_cancelled_) {
        job.fail(stopping());
    } else if (is_late(job)) {
        job.fail(expired());
    } else if (job.state.context.stop.stop_requested()) {
        job.fail(abandoned());
    } else {
        return true;
    }
    return false;
}

bool RunningCalls::is_late(const Job& job) const noexcept {
    return job.state.context.deadline && clock_.has_come(*job.state.context.deadline);
}

void RunningCalls::respond(Job& job, bool is_success, std::string message, const void* data) {
    if (!is_success && is_late(job)) {
        return job.fail(interrupted(message));
    }
    const Type& type = *job.state.method->response;
    std::optional<Value> rendered;
    if (data != nullptr) {
        if (const auto errors = model::validate(type, data); !errors.empty()) {
            return fail_internally(job, "the response breaks its contract: " + summary_of(errors));
        }
        rendered = model::render(type, data, job.arena);
        if (const format::Keyring& keys = job.state.lane->policy().keys; !keys.empty()) {
            const auto closed =
                model::encrypt_response(type, *rendered, keys, core::unix_seconds_now(), job.arena);
            if (!closed) {
                return fail_internally(job, format::message_of(closed.error()));
            }
            rendered = *closed;
        }
    }
    job.state.message = std::move(message);
    protocol::Answer& answer = job.state.answer;
    answer.failure = is_success ? std::nullopt : std::optional{Code::failed};
    answer.message = job.state.message;
    answer.data = rendered;
}

void RunningCalls::take_result(Job& job) {
    Invocation& invocation = *job.state.invocation;
    if (invocation.failure) {
        take_failure(job, *invocation.failure);
    } else {
        respond(job, invocation.success, std::move(invocation.message), invocation.data);
    }
}

void RunningCalls::take_failure(Job& job, const Failure& failure) noexcept {
    if (!handler_may_claim(failure.code)) {
        return fail_internally(job, to_string(failure));
    }
    job.fail(failure.code == Code::failed && is_late(job) ? interrupted(failure.message) : failure);
}

void RunningCalls::fail_internally(Job& job, std::string_view details) noexcept {
    report(job, details);
    job.fail({.code = Code::internal, .message = "An unexpected error occurred"});
}

void RunningCalls::report(const Job& job, std::string_view details) noexcept {
    log_.error(fmt::format("{}: {}", name_of(job),
                           core::text_for_display(details, log_details_bytes_max)));
}

void RunningCalls::finish(std::unique_ptr<Job> job, At at) noexcept {
    JobState& state = job->state;
    if (job->is_watched()) {
        state.lane->deadlines().unwatch(*job);
    }
    if (std::exchange(state.holds_lock, false)) {
        if (LockTicket* const next = locks.release(*job)) {
            auto& resumed = static_cast<Job&>(*next);
            resumed.state.holds_lock = true;
            resumed.state.lane->resume(resumed);
        }
    }
    if (state.answer.failure) {
        const auto code = static_cast<std::size_t>(*state.answer.failure);
        counters.failures[code].fetch_add(1, std::memory_order_relaxed);
        if (!job->wants_answer && !state.is_withdrawn) [[unlikely]] {
            log_one_way_failure(*job);
        }
    } else {
        counters.successes.fetch_add(1, std::memory_order_relaxed);
    }
    counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (state.series != nullptr) {
        state.series->record(state.answer.failure, clock_.now() - state.began_at,
                             job->request_bytes);
    }
    if (shows_calls) [[unlikely]] {
        log_call(*job);
    }
    state.answer.method = state.context.method;
    Job& finished = *job;
    // Nothing of this may be used after it: whoever waited for the last call may end the server.
    finished.finished(std::move(job), at);
}

void RunningCalls::log_one_way_failure(const Job& job) noexcept {
    const protocol::Answer& answer = job.answer();
    one_way_failures_.add(name_of(job), {.code = *answer.failure,
                                         .message = std::string{answer.message},
                                         .errors = {answer.errors.begin(), answer.errors.end()}});
}

void RunningCalls::log_call(const Job& job) noexcept {
    const protocol::Answer& answer = job.answer();
    const std::chrono::duration<double, std::milli> taken = clock_.now() - job.state.began_at;
    log_.debug(fmt::format(
        "call of {} from {}: {}{}{}, {:.3f} ms, {} bytes, attempt {}", name_of(job),
        job.peer_address.empty() ? job.state.lane->policy().name : job.peer_address,
        answer.failure ? name_of(*answer.failure) : std::string_view{"ok"},
        answer.failure ? ": " : "",
        core::text_for_display(answer.failure ? answer.message : "", log_details_bytes_max),
        taken.count(), job.request_bytes, job.state.context.attempt));
}

void RunningCalls::end(const DeadlineWatch::Swept& swept, const Failure& why) noexcept {
    for (std::stop_source running : swept.running) {
        running.request_stop();
    }
    for (Watched* const ended : swept.ended) {
        std::unique_ptr<Job> job{static_cast<Job*>(ended)};
        job->request_stop();
        job->fail(job->state.lane->backend().ended_early(*job, why));
        finish(std::move(job), At::later);
    }
}

}  // namespace warren::runtime
