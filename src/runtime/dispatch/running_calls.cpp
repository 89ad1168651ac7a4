#include "runtime/dispatch/running_calls.hpp"

#include "core/utf8.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"
#include "protocol/delay_queue.hpp"
#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/nested_failures.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/store_locks.hpp"

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
std::string name_of(const ServerCall& call) {
    const std::string_view method = call.state.context.method;
    const std::string_view id = call.state.context.correlation_id;
    return fmt::format("{} ({})", core::text_for_display(method.empty() ? "(no method)" : method),
                       id.empty() ? call.state.listener->options().name
                                  : "correlation id '" + core::text_for_display(id) + '\'');
}

/// The end of a log line: of which span it is, where its caller or an interceptor has one.
std::string ids_of(const ServerCall& call) {
    const std::string_view traceparent = call.state.context.traceparent;
    return traceparent.size() < 52
               ? std::string{}
               : fmt::format(" trace_id={} span_id={}", traceparent.substr(3, 32),
                             traceparent.substr(36, 16));
}

}  // namespace

bool handler_may_claim(Code code) noexcept {
    switch (code) {
    case Code::invalid_request:
    case Code::deadline_exceeded:
    case Code::overloaded:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::conflict:
    case Code::cancelled:
    case Code::outcome_unknown:
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

RunningCalls::RunningCalls(const Clock& clock, Log& log, std::size_t lock_waiters_max)
    : locks{lock_waiters_max},
      shows_calls{log.shows_calls()},
      clock_{clock},
      log_{log},
      one_way_failures_{log, clock} {}

void RunningCalls::begin(ServerCall& call, ListenerContext& listener) noexcept {
    call.state.listener = &listener;
    if (call.state.policy != listener.policy()) [[unlikely]] {
        call.state.policy = listener.policy();
    }
    call.state.series = listener.unknown_series();
    if (call.state.series != nullptr || shows_calls.load(std::memory_order_relaxed) ||
        call.state.policy->interceptors() != nullptr) {
        call.state.began_at = clock_.now();
    }
    listener.counts.begun.add();
}

bool RunningCalls::may_start(ServerCall& call) const noexcept {
    if (is_cancelled_) {
        call.fail(stopping());
    } else if (is_late(call)) {
        call.fail(expired());
    } else if (const CallLock* const own = call.state.store_lock.get();
               own != nullptr && own->is_held && own->lock->is_over()) [[unlikely]] {
        call.fail(overloaded("The lease of the call's lock was over before it began"));
    } else if (call.state.context.stop.stop_requested()) {
        call.fail(abandoned());
    } else {
        return true;
    }
    return false;
}

bool RunningCalls::is_late(const ServerCall& call) const noexcept {
    return call.state.context.deadline && clock_.has_come(*call.state.context.deadline);
}

std::expected<Value, std::string> RunningCalls::render(const ServerCall& call, const Type& type,
                                                       const void* data, Arena& arena) const {
    if (const auto errors = model::validate(type, data); !errors.empty()) {
        return std::unexpected{"breaks its contract: " + summary_of(errors)};
    }
    const Value rendered = model::render(type, data, arena);
    const format::Keyring& keys = call.state.policy->policy().keys;
    if (keys.empty()) [[likely]] {
        return rendered;
    }
    const auto closed = model::encrypt_response(type, rendered, keys, clock_.unix_seconds(), arena);
    if (!closed) {
        return std::unexpected{"is not encrypted: " +
                               std::string{format::message_of(closed.error())}};
    }
    return *closed;
}

void RunningCalls::respond(ServerCall& call, bool is_success, std::string_view message,
                           const void* data) {
    if (call.state.lacks_parts) [[unlikely]] {
        // What it gave would pass for the whole of it.
        return call.fail(is_late(call) ? interrupted("its parts have no room any more")
                                       : abandoned());
    }
    if (!is_success && is_late(call)) {
        return call.fail(interrupted(message));
    }
    std::optional<Value> rendered;
    if (data != nullptr) {
        const auto value = render(call, *call.state.method->response, data, call.arena);
        if (!value) {
            return fail_internally(call, "the response " + value.error());
        }
        rendered = *value;
    }
    protocol::Response& response = call.state.response;
    response.failure = is_success ? std::nullopt : std::optional{Code::failed};
    response.message =
        message == protocol::message_default ? protocol::message_default : call.arena.copy(message);
    response.data = rendered;
}

void RunningCalls::take_result(ServerCall& call) {
    Invocation& invocation = *call.state.invocation;
    if (invocation.failure) {
        accept_failure(call, *invocation.failure);
    } else {
        respond(call, invocation.success, invocation.message, invocation.data);
    }
}

void RunningCalls::accept_failure(ServerCall& call, const Failure& failure) noexcept {
    if (failure.of_nested_call) {
        const bool is_stopped = call.state.context.stop.stop_requested();
        if (auto known = outcome_of_nested(failure, is_late(call), is_stopped)) {
            return call.fail(std::move(*known));
        }
        return fail_internally(call, "a call of its handler's: " + to_string(failure));
    }
    if (!handler_may_claim(failure.code)) {
        return fail_internally(call, to_string(failure));
    }
    call.fail(failure.code == Code::failed && is_late(call) ? interrupted(failure.message)
                                                            : failure);
    if (failure.asks_retry) [[unlikely]] {
        accept_retry(call, failure);
    }
}

/// Without a way to have its request again, or the time for it, it is for the caller to try again.
void RunningCalls::accept_retry(ServerCall& call, const Failure& failure) noexcept {
    const KeyedCall* const keyed = call.state.keyed.get();
    const std::chrono::milliseconds wanted = failure.retry_after.value_or(protocol::delay_min);
    const std::chrono::milliseconds after =
        call.can_come_again() ? protocol::delay_step(wanted) : wanted;
    const auto deadline = call.state.context.deadline;
    const bool may_begin_again = keyed == nullptr || keyed->mode != Idempotency::at_most_once;
    // A method without parts has shown none, whatever its caller takes.
    const bool may_have_parts = call.state.parts != nullptr &&
                                (call.can_come_again() || call.state.method->part != nullptr);
    const bool has_shown_anything = call.state.has_committed || may_have_parts;
    // By its broker, or else by the store that has it.
    const bool has_way = call.can_come_again() || (keyed != nullptr && keyed->is_held);
    if (may_begin_again && !has_shown_anything && has_way &&
        (!deadline || clock_.now() + after < *deadline)) {
        call.state.retry_after = after;
    }
}

void RunningCalls::fail_internally(ServerCall& call, std::string_view details) noexcept {
    report(call, details);
    if (call.state.secrets != nullptr) {
        call.state.secrets->details = details;
    }
    call.fail({.code = Code::internal, .message = "An unexpected error occurred"});
}

void RunningCalls::report(const ServerCall& call, std::string_view details) noexcept {
    log_.error(fmt::format("{}: {}{}", name_of(call),
                           core::text_for_display(details, log_details_bytes_max), ids_of(call)));
}

void RunningCalls::release_lock(ServerCall& call) noexcept {
    if (!std::exchange(call.state.holds_lock, false)) {
        return;
    }
    if (LockTicket* const next = locks.release(call)) {
        std::unique_ptr<ServerCall> resumed{&static_cast<ServerCall&>(*next)};
        resumed->state.holds_lock = true;
        if (ListenerContext& listener = *resumed->state.listener; !listener.asks_store(resumed)) {
            listener.resume(*resumed.release());
        }
    }
}

void RunningCalls::finish(std::unique_ptr<ServerCall> call, At at) noexcept {
    ServerCallState& state = call->state;
    if (state.handler_began_at != TimePoint{} && state.handler_ended_at <= state.handler_began_at)
        [[unlikely]] {
        state.handler_ended_at = clock_.now();
    }
    if (state.store_lock != nullptr) [[unlikely]] {
        state.store_lock->locks.leave(*call);
    }
    if (state.keyed != nullptr && state.keyed->calls.keep(call)) [[unlikely]] {
        return;  // until it is kept
    }
    if (call->is_watched()) {
        state.listener->deadlines().unwatch(*call);
    }
    if (state.holds_lock) {
        release_lock(*call);
    }
    if (state.response.failure) {
        const auto code = static_cast<std::size_t>(*state.response.failure);
        counters.failures[code].fetch_add(1, std::memory_order_relaxed);
        if (!call->wants_response && !state.is_withdrawn && !state.retry_after) [[unlikely]] {
            log_one_way_failure(*call);
        }
    }
    if (at == At::dispatch) {
        state.listener->counts.ended.add();
    } else {
        counters.ended_later.fetch_add(1, std::memory_order_relaxed);
    }
    if (state.series != nullptr) {
        state.series->record(state.response.failure, clock_.now() - state.began_at,
                             call->request_bytes);
    }
    if (shows_calls.load(std::memory_order_relaxed)) [[unlikely]] {
        log_call(*call);
    }
    state.response.method = state.context.method;
    if (state.parts != nullptr) [[unlikely]] {
        state.response.number = state.parts->next_number();
        state.parts->close();
    }
    ServerCall& finished = *call;
    // Nothing of this may be used after it: whoever waited for the last call may end the server.
    finished.finished(std::move(call), at);
}

void RunningCalls::log_one_way_failure(const ServerCall& call) noexcept {
    const protocol::Response& response = call.response();
    one_way_failures_.add(name_of(call),
                          {.code = *response.failure,
                           .message = std::string{response.message},
                           .errors = {response.errors.begin(), response.errors.end()}});
}

void RunningCalls::log_call(const ServerCall& call) noexcept {
    const protocol::Response& response = call.response();
    const std::chrono::duration<double, std::milli> taken = clock_.now() - call.state.began_at;
    log_.debug(fmt::format(
        "call of {} from {}: {}{}{}, {:.3f} ms, {} bytes, attempt {}{}", name_of(call),
        call.peer_address.empty() ? call.state.listener->options().name : call.peer_address,
        response.failure ? name_of(*response.failure) : std::string_view{"ok"},
        response.failure ? ": " : "",
        core::text_for_display(response.failure ? response.message : "", log_details_bytes_max),
        taken.count(), call.request_bytes, call.state.context.attempt, ids_of(call)));
}

void RunningCalls::end(const DeadlineWatch::Swept& swept, const Failure& why) noexcept {
    for (const std::stop_source& running : swept.running) {
        std::stop_source{running}.request_stop();
    }
    for (Watched* const ended : swept.ended) {
        std::unique_ptr<ServerCall> call{static_cast<ServerCall*>(ended)};
        call->request_stop();
        call->fail(call->state.listener->backend().ended_early(*call, why));
        finish(std::move(call), At::later);
    }
}

}  // namespace warren::runtime
