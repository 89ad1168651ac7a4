#include "runtime/dispatch/server_call.hpp"

#include "protocol/failure_value.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/store_locks.hpp"

#include <optional>
#include <utility>

namespace warren::runtime {

std::expected<void, Failure> ResponseWriter::write_part(protocol::ResponseKind, const Value&) {
    return std::unexpected{no_parts()};
}

ServerCall::ServerCall() noexcept : CompletionEntry{Kind::end} {}

ServerCall::~ServerCall() = default;

void ServerCall::run_task() noexcept {
    state.listener->run(std::unique_ptr<ServerCall>{this});
}

void ServerCall::fail(Failure failure) noexcept {
    state.failure = std::move(failure);
    state.response = protocol::to_answer(state.failure);
}

void ServerCall::release_result() noexcept {
    if (state.invocation != nullptr) {
        state.invocation->clear();
    }
    state.held.release();
    if (state.mock != nullptr) [[unlikely]] {
        state.mock.reset();
    }
    state.response.data.reset();
}

void ServerCall::end_intercepted(std::size_t response_bytes) noexcept {
    if (const Interceptors* const interceptors = state.policy->interceptors()) [[unlikely]] {
        interceptors->end(*this, response_bytes);
    }
    if (ServerInterceptor* const watcher =
            state.listener->calls().watcher.load(std::memory_order_relaxed)) [[unlikely]] {
        Interceptors::tell(*watcher, *this, response_bytes);
    }
}

void ServerCall::report(std::string_view details) const noexcept {
    state.listener->calls().report(*this, details);
}

void ServerCall::count_as_internal() const noexcept {
    if (state.series != nullptr && !state.response.failure) {
        state.series->take_back_success(Code::internal);
    }
}

/// What most calls do not have.
void ServerCall::release_rare() noexcept {
    state.large.reset();
    state.parked.reset();
    state.is_parked_unbegun = false;
    state.keyed.reset();
    state.has_committed = false;
    state.is_poisoned = false;
    state.retry_after.reset();
    state.parts.reset();
    state.interceptor_states.clear();
    state.secrets.reset();
}

void ServerCall::reset() noexcept {
    release_result();
    arena.reset();
    request_bytes = 0;
    values_bytes = 0;
    memory = nullptr;
    peer_address.clear();
    wants_response = true;
    hears_credit = true;
    renew();
    state.listener = nullptr;
    state.method = nullptr;
    state.series = nullptr;
    state.context = {};
    state.lock_key.clear();
    state.is_withdrawn = false;
    state.has_begun.store(false, std::memory_order_relaxed);
    state.sent_at_ms.reset();
    state.handler_began_at = {};
    if (state.large != nullptr || state.parked != nullptr || state.keyed != nullptr ||
        state.has_committed || state.is_poisoned || state.retry_after || state.parts != nullptr ||
        !state.interceptor_states.empty() || state.secrets != nullptr) [[unlikely]] {
        release_rare();
    }
    state.takes_progress = false;
    state.lacks_parts = false;
    state.has_other_contract = false;
    state.has_lost_lock = false;
    if (state.response.failure) {
        state.failure = {};
    }
    state.response = {};
}

}  // namespace warren::runtime
