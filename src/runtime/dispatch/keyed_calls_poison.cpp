#include "protocol/response_record.hpp"
#include "runtime/dispatch/kept_request.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "store/unix_time.hpp"

#include <new>
#include <string>
#include <utility>

// Calls that ended their process too often: they are answered for good, and kept for people.
namespace warren::runtime {

bool KeyedCalls::is_poisoned(const ServerCall& call, const store::Claimed& claimed) noexcept {
    const std::uint32_t attempts_max = call.state.listener->options().keyed_attempts_max;
    return attempts_max != 0 && claimed.crashes >= attempts_max &&
           call.state.keyed->mode != Idempotency::at_most_once;
}

void KeyedCalls::bury(CallPtr call, std::uint32_t attempt, std::uint32_t begun) {
    const std::string key = call->state.keyed->key;
    try {
        give_up(call, attempt, begun);
    } catch (const std::bad_alloc&) {
        store_.let_go({key, attempt}, store::LetGo::undone);
        fail_all(std::move(call), remove(key), out_of_memory());
    }
}

void KeyedCalls::give_up(CallPtr& call, std::uint32_t attempt, std::uint32_t begun) {
    ServerCallState& state = call->state;
    const std::string key = state.keyed->key;
    auto request = request_record_of(*call);
    if (!request) {
        store_.let_go({key, attempt}, store::LetGo::undone);
        return fail_all(std::move(call), remove(key), request.error());
    }
    call->fail(poisoned(begun, state.listener->options().keyed_attempts_max));
    std::string record;
    protocol::write_response_record(state.response, record);
    store::DeadCall dead{.key = key,
                         .method = std::string{state.context.method},
                         .request = std::move(*request),
                         .reason = state.failure.message,
                         .attempts = begun,
                         .first_at_ms = state.keyed->first_at_ms,
                         .last_at_ms = store::unix_ms_now(),
                         .server = server_};
    const Parked parked = park(*call);
    static_cast<void>(call.release());
    store_.bury({key, attempt}, std::move(dead), record,
                [this, key, attempt, parked, record](auto outcome) {
                    buried(key, attempt, parked, record, std::move(outcome));
                });
}

/// While the store fails the call is neither kept nor begun: it is to come again.
void KeyedCalls::buried(const std::string& key, std::uint32_t attempt, const Parked& parked,
                        const std::string& record, std::expected<bool, Failure> outcome) noexcept {
    CallPtr call = take(parked);
    if (!outcome || !*outcome) {
        store_.let_go({key, attempt}, store::LetGo::undone);
        return fail_all(
            std::move(call), remove(key),
            outcome ? overloaded("The call was begun anew elsewhere meanwhile") : outcome.error());
    }
    calls_.counters.attempts_refused.fetch_add(1, std::memory_order_relaxed);
    if (call != nullptr) {
        calls_.report(*call, call->state.failure.message);
        calls_.finish(std::move(call), At::later);
    }
    answer_all(remove(key), record);
}

}  // namespace warren::runtime
