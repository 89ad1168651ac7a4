#include "core/clock.hpp"
#include "core/utf8.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"
#include "runtime/dispatcher.hpp"

#include <fmt/format.h>

#include <utility>

// How what a handler came to becomes an answer.
namespace warren::runtime {
namespace {

// Made-up answers are the same every time, so that what is built upon them can be tested.
constexpr std::uint64_t mock_seed = 1;

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
                model::encrypt_response(type, *rendered, keys, core::unix_seconds_now(), job.arena);
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

std::string_view Dispatcher::name_of_method(const Job& job) noexcept {
    return job.context_.method.empty() ? "(no method)" : job.context_.method;
}

void Dispatcher::tell_one_way_failure(const Job& job) noexcept {
    const protocol::Answer& answer = job.answer_;
    one_way_failures_.add(
        fmt::format("{} ({})", core::text_for_display(name_of_method(job)), whose(job)),
        {.code = *answer.failure,
         .message = std::string{answer.message},
         .errors = {answer.errors.begin(), answer.errors.end()}});
}

void Dispatcher::report(const Job& job, std::string_view details) noexcept {
    log_.error(fmt::format("{} ({}): {}", core::text_for_display(name_of_method(job)), whose(job),
                           core::text_for_display(details, log_details_bytes_max)));
}

void Dispatcher::show(const Job& job) noexcept {
    const protocol::Answer& answer = job.answer_;
    const std::chrono::duration<double, std::milli> taken = clock_.now() - job.taken_in_;
    log_.debug(fmt::format(
        "call of {} ({}) from {}: {}{}{}, {:.3f} ms, {} bytes, attempt {}",
        core::text_for_display(name_of_method(job)), whose(job),
        job.peer_address.empty() ? job.lane_->policy().name : job.peer_address,
        answer.failure ? name_of(*answer.failure) : std::string_view{"ok"},
        answer.failure ? ": " : "",
        core::text_for_display(answer.failure ? answer.message : "", log_details_bytes_max),
        taken.count(), job.request_bytes, job.context_.attempt));
}

void Dispatcher::fail_internally(Job& job, std::string_view details) noexcept {
    report(job, details);
    fail(job, {.code = Code::internal, .message = "An unexpected error occurred"});
}

}  // namespace warren::runtime
