#include "runtime/dispatch/dispatcher.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "runtime/dispatch/backend.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <new>
#include <utility>

namespace warren::runtime {
namespace {

/// What reading and binding a request needs, and is not there, is no defect of anybody's.
template <typename Function>
bool prepare(RunningCalls& calls, ServerCall& call, Function&& function) noexcept {
    bool is_ready = false;
    calls.guard(call, [&] {
        try {
            is_ready = function();
        } catch (const Arena::Full& full) {
            call.fail(overloaded(full.what()));
        } catch (const std::bad_alloc&) {
            call.fail(out_of_memory());
        }
    });
    return is_ready;
}

}  // namespace

Dispatcher::Dispatcher(Workers& workers, const Clock& clock, Log& log, const core::Limits& limits,
                       Log* handler_log)
    : workers_{workers},
      handler_log_{handler_log != nullptr ? *handler_log : log},
      calls_{clock, log, limits.lock_waiters_max},
      skews_{log} {}

Dispatcher::~Dispatcher() {
    WARREN_ASSERT(listeners_.empty() && in_flight() == 0);
}

void Dispatcher::dispatch(std::unique_ptr<ServerCall> call, const protocol::Call& request,
                          ListenerContext& listener) {
    begin(*call, listener);
    if (prepare(calls_, *call, [&] { return admit(*call, request); })) {
        listener.backend().start(std::move(call), request, At::dispatch);
    } else {
        calls_.finish(std::move(call), At::dispatch);
    }
}

void Dispatcher::dispatch_large(std::unique_ptr<ServerCall> call,
                                std::unique_ptr<LargeRequest> large, ListenerContext& listener) {
    if (calls_.is_cancelled()) {
        return refuse(std::move(call), stopping(), listener);
    }
    begin(*call, listener);
    large->came_at = listener.executor().now();
    call->state.large = std::move(large);
    listener.watch(*call);
    listener.queue(*call.release());
}

void Dispatcher::refuse(std::unique_ptr<ServerCall> call, Failure failure,
                        ListenerContext& listener) {
    begin(*call, listener);
    call->fail(std::move(failure));
    calls_.finish(std::move(call), At::dispatch);
}

void Dispatcher::begin(ServerCall& call, ListenerContext& listener) noexcept {
    calls_.begin(call, listener);
    call.state.context.log = &handler_log_;
    call.state.context.writer = &call;
    call.state.context.committer = &call;
}

bool Dispatcher::admit(ServerCall& call, const protocol::Call& request) {
    ListenerContext& listener = *call.state.listener;
    const ListenerContext::Served* const served = listener.find(request.method);
    describe(call, request, served);
    if (const Interceptors* const interceptors = call.state.policy->interceptors();
        interceptors != nullptr && !interceptors->begin(call, request)) [[unlikely]] {
        return false;
    }
    if (served == nullptr) {
        call.fail({.code = Code::no_such_method,
                   .message = fmt::format("There is no method '{}' here",
                                          core::text_for_display(request.method))});
        return false;
    }
    if (calls_.is_cancelled()) {
        call.fail(stopping());
        return false;
    }
    if (request.metadata.time_left && request.metadata.time_left->count() <= 0) {
        call.fail(expired());
        return false;
    }
    if (!call.state.context.contract.empty() && !accept_contract(call, *served)) [[unlikely]] {
        return false;
    }
    const ListenerContextOptions& options = listener.options();
    const std::uint32_t deliveries = request.metadata.deliveries;
    return may_attempt(call, deliveries, options.deliveries_max()) &&
           listener.backend().prepare(call, request) &&
           (call.state.keyed != nullptr || may_attempt(call, deliveries, options.attempts_max));
}

/// A call by another contract is told of. It may fit all the same.
bool Dispatcher::accept_contract(ServerCall& call, const ListenerContext::Served& served) {
    ServerCallState& state = call.state;
    const std::string_view said = state.context.contract;
    if (served.fingerprint.empty() || ContractSkews::is_same(served.fingerprint, said)) [[likely]] {
        return true;
    }
    state.has_other_contract = true;
    calls_.counters.contract_differences.fetch_add(1, std::memory_order_relaxed);
    skews_.report(state.context, served.fingerprint);
    if (!state.policy->policy().strict_contracts) {
        return true;
    }
    call.fail({.code = Code::contract_mismatch,
               .message = fmt::format("The caller's contract of '{}' has the fingerprint {}, the "
                                      "server's has {} (strict_contracts)",
                                      state.context.method, core::text_for_display(said),
                                      served.fingerprint)});
    return false;
}

/// What the call says of itself.
/// in   served: null: there is no such method
void Dispatcher::describe(ServerCall& call, const protocol::Call& request,
                          const ListenerContext::Served* served) {
    ServerCallState& state = call.state;
    const protocol::Metadata& metadata = request.metadata;
    Context& context = state.context;
    const bool has_name = served != nullptr && served->method != nullptr;
    context.method =
        has_name ? std::string_view{served->method->name} : call.arena.copy(request.method);
    context.correlation_id = call.arena.copy(request.correlation_id);
    if (served != nullptr) {
        state.method = served->method;
        state.series = served->series;
    }
    context.caller = call.arena.copy(metadata.caller);
    if (metadata.has_texts()) [[unlikely]] {
        context.idempotency_key = call.arena.copy(metadata.idempotency_key);
        context.traceparent = call.arena.copy(metadata.traceparent);
        context.tracestate = call.arena.copy(metadata.tracestate);
        context.baggage = call.arena.copy(metadata.baggage);
        context.contract = call.arena.copy(metadata.contract);
    }
    context.priority = metadata.priority;
    context.attempt = metadata.attempt;
    if (metadata.takes_more_than_end()) [[unlikely]] {
        expect_parts(call, metadata);
    }
    if (metadata.time_left) {
        context.deadline =
            (state.large != nullptr ? state.large->came_at : state.listener->executor().now()) +
            *metadata.time_left;
    }
}

/// What its caller takes before the end.
void Dispatcher::expect_parts(ServerCall& call, const protocol::Metadata& metadata) {
    if (!call.wants_response) {
        return;
    }
    if (metadata.parts_window && call.hears_credit) {
        call.state.parts = std::make_shared<PartsFlow>(*metadata.parts_window);
    }
    call.state.takes_progress = metadata.takes_progress;
    if (metadata.heartbeat) {
        call.begin_heartbeats(*metadata.heartbeat);
    }
}

/// A call that was begun often enough, and never got done, may be what ends its process.
/// in   attempt: at this message, as its caller may send it again in another one; attempts_max: 0
///      for no limit
bool Dispatcher::may_attempt(ServerCall& call, std::uint32_t attempt, std::uint32_t attempts_max) {
    if (attempts_max == 0 || attempt <= attempts_max) [[likely]] {
        return true;
    }
    calls_.counters.attempts_refused.fetch_add(1, std::memory_order_relaxed);
    Failure why = poisoned(attempt - 1, attempts_max);
    calls_.report(call, why.message);
    call.fail(std::move(why));
    call.state.is_poisoned = true;
    return false;
}

void Dispatcher::read_large(std::unique_ptr<ServerCall> call) noexcept {
    LargeRequest& large = *call->state.large;
    const bool is_ready = prepare(calls_, *call, [&] {
        auto request = large.read();
        if (!request) {
            call->fail(std::move(request.error()));
            return false;
        }
        call->values_bytes = large.values.used_bytes();
        large.request = *request;
        return admit(*call, *request);
    });
    if (!is_ready) {
        call->state.large.reset();
        return calls_.finish(std::move(call), At::later);
    }
    ServerCall* const prepared = call.release();
    prepared->state.listener->executor().post(
        [this, prepared] { start_large(std::unique_ptr<ServerCall>{prepared}); });
}

/// Its deadline may have passed meanwhile, and its caller may have gone.
void Dispatcher::start_large(std::unique_ptr<ServerCall> call) {
    if (!calls_.may_start(*call)) {
        call->state.large.reset();
        return calls_.finish(std::move(call), At::later);
    }
    // It may be answered, and gone, before this returns.
    const std::unique_ptr<LargeRequest> large = std::move(call->state.large);
    protocol::Call request = large != nullptr ? large->request : protocol::Call{};
    ListenerContext& listener = *call->state.listener;
    if (const auto deadline = call->state.context.deadline) {
        request.metadata.time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
            *deadline - listener.executor().now());
    }
    listener.backend().start(std::move(call), request, At::later);
}

bool Dispatcher::withdraw(ServerCall& call, ListenerContext& listener, Failure why) noexcept {
    listener.flush();
    // What is parked may have begun.
    const auto has_not_begun = [&] {
        return call.state.parked == nullptr || call.state.is_parked_unbegun;
    };
    if (!listener.deadlines().remove_if(call, has_not_begun)) {
        return false;
    }
    call.state.is_withdrawn = true;
    call.fail(std::move(why));
    calls_.finish(std::unique_ptr<ServerCall>{&call}, At::later);
    return true;
}

void Dispatcher::abandon(ListenerContext& listener,
                         const std::function<bool(ServerCall&)>& is_abandoned) noexcept {
    listener.flush();
    const auto swept = listener.deadlines().sweep(
        [&](Watched& watched) { return is_abandoned(static_cast<ServerCall&>(watched)); });
    calls_.end(swept, abandoned());
}

void Dispatcher::cancel_all() {
    calls_.cancel();
    std::vector<DeadlineWatch::Swept> swept;
    {
        const std::lock_guard guard{mutex_};
        for (ListenerContext* const listener : listeners_) {
            swept.push_back(listener->deadlines().sweep([](const Watched&) { return true; }));
        }
    }
    for (const DeadlineWatch::Swept& of_listener : swept) {
        calls_.end(of_listener, stopping());
    }
}

void Dispatcher::attach(ListenerContext& listener) {
    const std::lock_guard guard{mutex_};
    listeners_.push_back(&listener);
}

void Dispatcher::detach(ListenerContext& listener) {
    const std::lock_guard guard{mutex_};
    std::erase(listeners_, &listener);
    begun_before_ += listener.counts.begun.get();
    ended_before_ += listener.counts.ended.get();
}

std::uint64_t Dispatcher::sum(SingleWriterCounter ListenerCounts::* count,
                              const std::uint64_t& before) const noexcept {
    const std::lock_guard guard{mutex_};
    std::uint64_t total = before;
    for (const ListenerContext* const listener : listeners_) {
        total += (listener->counts.*count).get();
    }
    return total;
}

std::uint64_t Dispatcher::ended() const noexcept {
    return calls_.counters.ended_later.load(std::memory_order_relaxed) +
           sum(&ListenerCounts::ended, ended_before_);
}

std::uint64_t Dispatcher::successes() const noexcept {
    std::uint64_t failures = 0;
    for (const auto& of_code : calls_.counters.failures) {
        failures += of_code.load(std::memory_order_relaxed);
    }
    const std::uint64_t over = ended();
    return over - std::min(failures, over);
}

std::uint64_t Dispatcher::in_flight() const noexcept {
    // In this order, so that no call is over that has not begun.
    const std::uint64_t over = ended();
    return begun() - over;
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
