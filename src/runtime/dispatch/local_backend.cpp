#include "model/arguments.hpp"
#include "model/footprint.hpp"
#include "model/render.hpp"
#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/handler_call.hpp"

#include <memory>
#include <utility>

// How handlers of this process answer calls.
namespace warren::runtime {
namespace {

constexpr std::size_t counted_values_bytes_min = 4096;

std::optional<format::TimeToLive> time_to_live(const CallPolicy& policy,
                                               ListenerContext& listener) {
    const auto ttl = policy.secrets_ttl;
    if (!ttl) {
        return std::nullopt;
    }
    return format::TimeToLive{.ttl_s = ttl->count(), .now_s = listener.executor().unix_seconds()};
}

class LocalBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(ServerCall& call, const protocol::Call& request) override {
        if (!bind(call, request)) {
            return false;
        }
        const Method& method = *call.state.method;
        if (method.locking == Locking::field) {
            const Field& field = *method.lock_field;
            const Value value = model::render(
                *field.type, field.access_const(call.state.invocation->request()), call.arena);
            write_lock_key(method, &value, call.state.lock_key);
        } else if (method.locking == Locking::alone) {
            write_lock_key(method, nullptr, call.state.lock_key);
        }
        return true;
    }

    void start(std::unique_ptr<ServerCall> call, const protocol::Call&, At at) override {
        const Method& method = *call->state.method;
        if (method.locking != Locking::none || method.execution == Execution::worker ||
            method.responds_later) {
            listener_.watch(*call);
        }
        if (method.locking != Locking::none) {
            // Once it waits, another thread may already run it.
            ServerCall* const waiting = call.release();
            const LockTable::Outcome outcome =
                calls_.locks.acquire(*waiting, waiting->state.lock_key,
                                     waiting->wants_response ? LockTable::Admission::limited
                                                             : LockTable::Admission::any);
            if (outcome == LockTable::Outcome::waits) {
                return;
            }
            call.reset(waiting);
            call->state.holds_lock = outcome == LockTable::Outcome::held;
            if (!call->state.holds_lock) {
                call->fail(overloaded("As many calls wait for locks as may (lock_waiters_max)"));
                return calls_.finish(std::move(call), at);
            }
            if (listener_.asks_store(call)) {
                return;
            }
        }
        if (method.execution == Execution::worker) {
            return listener_.queue(*call.release());
        }
        run(std::move(call), at);
    }

    void run(std::unique_ptr<ServerCall> call, At at) noexcept override {
        if (!calls_.may_start(*call)) {
            return calls_.finish(std::move(call), at);
        }
        call->state.has_begun.store(true, std::memory_order_relaxed);
        if (call->state.policy->interceptors() != nullptr) [[unlikely]] {
            call->state.handler_began_at = calls_.clock().now();
        }
        if (call->state.method->responds_later) {
            return run_open(std::move(call), at);
        }
        calls_.guard(*call, [&] {
            call->state.invocation->run(call->state.context, nullptr);
            calls_.take_result(*call);
        });
        calls_.finish(std::move(call), at);
    }

private:
    void run_open(std::unique_ptr<ServerCall> call, At at) noexcept {
        ServerCall& running = *call;
        HandlerCall* handler = nullptr;
        calls_.guard(running, [&] { handler = new HandlerCall{listener_, call}; });
        if (handler == nullptr) {
            return calls_.finish(std::move(call), at);
        }
        handler->run(at);
    }
};

/// Of a caller that is known to have another contract.
Failure mismatch(std::vector<FieldError> errors) {
    std::string message =
        "The request does not fit, and its caller has another contract than this "
        "server: " +
        summary_of(errors);
    return {.code = Code::contract_mismatch,
            .message = std::move(message),
            .errors = std::move(errors)};
}

}  // namespace

bool bind(ServerCall& call, const protocol::Call& request) {
    ServerCallState& state = call.state;
    const Method& method = *state.method;
    const CallPolicy& policy = state.policy->policy();
    if (state.invocation_of != &method) {
        state.invocation = method.make_invocation();
        state.invocation_of = &method;
    }
    // Of small requests what their arguments take is not worth looking.
    if (call.values_bytes > counted_values_bytes_min && call.memory != nullptr) [[unlikely]] {
        const std::size_t bytes = model::footprint(*method.request, request.arguments);
        if (const char* const reason = state.held.take(*call.memory, bytes)) {
            call.fail(overloaded(reason));
            return false;
        }
    }
    void* const bound = state.invocation->request();
    auto errors =
        policy.keys.empty()
            ? model::bind_arguments(*method.request, request.style, request.arguments, bound)
            : model::bind_arguments(*method.request, request.style, request.arguments,
                                    {policy.keys, policy.secrets,
                                     time_to_live(policy, *state.listener), policy.secrets_depth},
                                    call.arena, bound);
    if (!errors.empty()) {
        call.fail(state.has_other_contract ? mismatch(std::move(errors))
                                           : Failure{.code = Code::invalid_request,
                                                     .message = "Request validation failed",
                                                     .errors = std::move(errors)});
        return false;
    }
    state.large.reset();
    return true;
}

std::unique_ptr<Backend> make_local_backend(ListenerContext& listener) {
    return std::make_unique<LocalBackend>(listener);
}

}  // namespace warren::runtime
