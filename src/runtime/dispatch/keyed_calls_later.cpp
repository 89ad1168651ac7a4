#include "model/arguments.hpp"
#include "runtime/dispatch/kept_request.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "store/unix_time.hpp"

#include <new>
#include <optional>
#include <utility>

// Calls whose handlers ask to be tried again later, where no broker has them meanwhile: who waits
// for a reply is parked until then, and what nobody would send again is a row of the store.
namespace warren::runtime {

/// out  false: it is answered as it is
bool KeyedCalls::try_later(CallPtr& call) noexcept {
    ServerCallState& state = call->state;
    const std::uint32_t attempts_max = state.listener->options().keyed_attempts_max;
    try {
        if (attempts_max != 0 && state.keyed->attempt >= attempts_max) {
            state.retry_after.reset();
            bury(std::move(call), state.keyed->attempt, state.keyed->attempt);
            return true;
        }
        return call->wants_response ? park_until_due(call) : postpone(call);
    } catch (const std::bad_alloc&) {
        return false;
    }
}

bool KeyedCalls::park_until_due(CallPtr& call) {
    ServerCallState& state = call->state;
    KeyedCall& keyed = *state.keyed;
    ListenerContext& listener = *state.listener;
    Executor& executor = listener.executor();
    const store::HeldCall held{keyed.key, keyed.attempt};
    const std::chrono::milliseconds after = *std::exchange(state.retry_after, std::nullopt);
    const auto parked = std::make_shared<ParkedCall>(call.get());
    calls_.release_lock(*call);
    state.has_begun.store(false, std::memory_order_relaxed);
    keyed.may_run = true;
    keyed.is_tried = true;
    // Once it is there its deadline may end it, on another thread, and its listener may go.
    ServerCall* const waiting = call.release();
    if (!listener.deadlines().put(*waiting, [&] { waiting->state.parked = parked; })) {
        waiting->state.has_begun.store(true, std::memory_order_relaxed);
        call.reset(waiting);  // nobody waits for it any more
        return false;
    }
    store_.let_go(held, store::LetGo::failed);
    {
        const std::lock_guard guard{mutex_};
        if (const auto found = running_.find(held.key); found != running_.end()) {
            end_begun(found->second);
            step_isolation();
        }
    }
    executor.post([alive = alive_, key = held.key, parked, after, &executor] {
        executor.post_at(executor.now() + after, [alive, key, parked] {
            const std::lock_guard guard{alive->mutex};
            if (alive->calls != nullptr) {
                alive->calls->ask_again(key, parked);
            }
        });
    });
    return true;
}

bool KeyedCalls::postpone(CallPtr& call) {
    ServerCallState& state = call->state;
    const std::chrono::milliseconds after = *std::exchange(state.retry_after, std::nullopt);
    std::optional<std::int64_t> expires_at_ms;
    if (state.context.deadline) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            *state.context.deadline - state.listener->executor().now());
        expires_at_ms = store::unix_ms_now() + left.count();
    }
    auto request = request_record_of(*call, expires_at_ms);
    if (!request) {
        return false;
    }
    const store::HeldCall held{state.keyed->key, state.keyed->attempt};
    store::LaterCall later{.key = held.key,
                           .method = std::string{state.context.method},
                           .request = std::move(*request),
                           .due_at_ms = store::unix_ms_now() + after.count()};
    const Parked parked = park(*call);
    static_cast<void>(call.release());
    store_.run(
        {.change = [held, later = std::move(later)](store::CallSession& session,
                                                    std::int64_t) -> std::expected<bool, Failure> {
             if (auto left = session.let_go(held, store::LetGo::failed); !left) {
                 return std::unexpected{std::move(left.error())};
             }
             if (auto put = session.put_later(later); !put) {
                 return std::unexpected{std::move(put.error())};
             }
             return true;
         },
         .completion =
             [this, held, parked](const std::expected<bool, Failure>& outcome) {
                 postponed(held, parked, outcome);
             }});
    return true;
}

void KeyedCalls::postponed(const store::HeldCall& held, const Parked& parked,
                           const std::expected<bool, Failure>& outcome) noexcept {
    CallPtr call = take(parked);
    if (!outcome) {
        store_.let_go(held, store::LetGo::failed);
        if (call != nullptr) {
            call->state.has_begun.store(false, std::memory_order_relaxed);
        }
    } else if (call != nullptr) {
        call->state.keyed->is_postponed = true;
        call->state.response = {};
    }
    pass_on(held.key);
    if (call != nullptr) {
        calls_.finish(std::move(call), At::later);
    }
}

/// Its handler has taken what was bound.
bool KeyedCalls::bind_again(ServerCall& call) noexcept {
    bool is_bound = false;
    calls_.guard(call, [&] {
        ServerCallState& state = call.state;
        state.response = {};
        state.invocation->clear();
        Arena arena;
        const auto arguments = bound_arguments(*state.keyed, arena);
        if (!arguments) {
            throw Error{arguments.error()};
        }
        const auto errors =
            model::bind_arguments(*state.method->request, model::ArgumentStyle::named, *arguments,
                                  state.invocation->request());
        is_bound = errors.empty();
        if (!is_bound) {
            calls_.fail_internally(call, "its arguments cannot be bound again");
        }
    });
    return is_bound;
}

}  // namespace warren::runtime
