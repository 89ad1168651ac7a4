#include "runtime/dispatch/keyed_calls.hpp"

#include "protocol/response_record.hpp"
#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/refusals.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace warren::runtime {
namespace {

/// How often another process is asked for that has a call.
constexpr std::chrono::milliseconds elsewhere_pause{50};

Failure conflict() {
    return {.code = Code::conflict,
            .message =
                "The same idempotency key came with another request before: give each "
                "request a key of its own"};
}

Failure unknown_outcome() {
    return {.code = Code::outcome_unknown,
            .message =
                "The call was begun before, and how it ended is not known; as it is to run "
                "at most once it is not begun again"};
}

Failure damaged_record(std::string_view store) {
    return {.code = Code::internal,
            .message = std::string{store} +
                       " has a damaged record of this call, which may have "
                       "been done: its operator has to see to it"};
}

/// Leave the response that a call's record has.
void restore(ServerCall& call) {
    auto response = protocol::read_response_record(call.state.keyed->record, call.arena);
    if (response) {
        call.state.response = *response;
    } else {
        call.fail(std::move(response.error()));
    }
}

/// Whether a response is to be given again to whoever asks again. One that says that nothing was
/// done, or that the server went wrong, is not, nor one that came when the call's lock was lost:
/// then the call is to be tried again.
bool is_outcome(const ServerCall& call) {
    if (call.state.method->part != nullptr) {
        return false;  // a record has no parts
    }
    const auto failure = call.state.response.failure;
    if (!failure) {
        return true;
    }
    return call.has_begun() &&
           (call.state.keyed->mode == Idempotency::at_most_once ||
            (retry_of(*failure) == Retry::useless && !call.state.has_lost_lock));
}

}  // namespace

KeyedCalls::~KeyedCalls() {
    const std::lock_guard guard{alive_->mutex};
    alive_->calls = nullptr;
}

KeyedCalls::Parked KeyedCalls::park(ServerCall& call) {
    auto parked = std::make_shared<ParkedCall>(&call);
    call.state.listener->deadlines().change([&] { call.state.parked = parked; });
    return parked;
}

KeyedCalls::CallPtr KeyedCalls::take(const Parked& parked) noexcept {
    return CallPtr{parked->exchange(nullptr)};
}

void KeyedCalls::claim(CallPtr call) {
    KeyedCall& keyed = *call->state.keyed;
    const store::ClaimRequest request{.key = keyed.key,
                                      .method = std::string{call->state.context.method},
                                      .request = keyed.request,
                                      .is_at_most_once = keyed.mode == Idempotency::at_most_once};
    Parked parked;
    bool is_first = false;
    bool is_same = true;
    {
        const std::lock_guard guard{mutex_};
        const auto [found, is_new] = running_.try_emplace(request.key);
        is_first = is_new;
        Running& running = found->second;
        if (is_first) {
            running.request = request;
            running.attempts_max = keyed.mode == Idempotency::at_most_once
                                       ? 0
                                       : call->state.listener->options().keyed_attempts_max;
        }
        is_same =
            running.request.request == request.request && running.request.method == request.method;
        keyed.may_run = !is_first;
        if (is_same) {
            parked = park(*call.release());
        }
        if (is_same && !is_first) {
            running.joined.push_back(parked);
            counters_.joined.fetch_add(1, std::memory_order_relaxed);
        }
    }
    if (!is_same) {
        counters_.conflicts.fetch_add(1, std::memory_order_relaxed);
        return fail_all(std::move(call), {}, conflict());
    }
    if (calls_.is_cancelled()) {
        // The sweep may have been before it was parked.
        fail_all(take(parked), {}, stopping());
        if (is_first) {
            pass_on(request.key);
        }
    } else if (is_first) {
        ask(request.key, parked);
    }
}

void KeyedCalls::ask(const std::string& key, const Parked& parked) {
    const std::lock_guard guard{mutex_};
    if (const auto found = running_.find(key); found != running_.end()) {
        ask(*found, parked);
    }
}

void KeyedCalls::claimed(const std::string& key, const Parked& parked,
                         std::expected<store::Claimed, Failure> outcome) {
    using enum store::ClaimState;
    if (outcome && outcome->state == fresh && outcome->crashes != 0 &&
        hold_if_suspect(key, parked, *outcome)) [[unlikely]] {
        return;
    }
    CallPtr call = take(parked);
    if (!outcome) {
        return fail_all(std::move(call), remove(key), outcome.error());
    }
    switch (outcome->state) {
    case fresh:
        if (call == nullptr) {
            store_.let_go({key, outcome->attempt}, store::LetGo::undone);
            return pass_on(key);
        }
        if (is_poisoned(*call, *outcome)) [[unlikely]] {
            call->state.keyed->first_at_ms = outcome->first_at_ms;
            return bury(std::move(call), outcome->attempt, outcome->attempt - 1);
        }
        return start(std::move(call), *outcome);
    case runs_elsewhere:
        if (call == nullptr) {
            return pass_on(key);
        }
        return ask_later(key, parked, std::move(call));
    case answered: {
        const std::vector<Parked> joined = remove(key);
        counters_.replayed.fetch_add(1, std::memory_order_relaxed);
        if (call != nullptr) {
            answer(std::move(call), outcome->response);
        }
        return answer_all(joined, outcome->response);
    }
    case other_request:
        counters_.conflicts.fetch_add(1, std::memory_order_relaxed);
        return fail_all(std::move(call), remove(key), conflict());
    case unknown:
        counters_.unknown.fetch_add(1, std::memory_order_relaxed);
        return fail_all(std::move(call), remove(key), unknown_outcome());
    case damaged:
        return fail_all(std::move(call), remove(key), damaged_record(store_.name()));
    }
}

/// Another process has the call, and leaves a record or goes.
void KeyedCalls::ask_later(const std::string& key, Parked parked, CallPtr call) {
    Executor& executor = call->state.listener->executor();
    call->state.keyed->may_run = true;
    {
        const std::lock_guard guard{mutex_};
        if (const auto found = running_.find(key); found != running_.end()) {
            end_begun(found->second);
            step_isolation();
        }
    }
    // As long as nobody else has the call its listener is there.
    executor.post([this, key, parked = std::move(parked), &executor, waiting = call.release()] {
        parked->store(waiting);
        if (waiting->state.context.stop.stop_requested()) {
            // Whoever would have ended it meanwhile found nothing.
            if (CallPtr own = take(parked)) {
                own->fail(own->state.listener->backend().ended_early(*own, expired()));
                calls_.finish(std::move(own), At::later);
            }
            return pass_on(key);
        }
        executor.post_at(executor.now() + elsewhere_pause,
                         [this, key, parked] { ask_again(key, parked); });
    });
}

void KeyedCalls::ask_again(const std::string& key, const Parked& parked) {
    if (parked->load() == nullptr) {
        return pass_on(key);
    }
    ask(key, parked);
}

void KeyedCalls::start(CallPtr call, const store::Claimed& claimed) {
    ServerCallState& state = call->state;
    state.keyed->is_held = true;
    state.keyed->attempt = claimed.attempt;
    state.keyed->first_at_ms = claimed.first_at_ms;
    state.context.attempt = std::max(state.context.attempt, claimed.attempt);
    ListenerContext& listener = *state.listener;
    listener.executor().post([this, &listener, started = call.release()]() {
        CallPtr own{started};
        listener.deadlines().change([&] { own->state.parked.reset(); });
        const bool is_bound = !own->state.keyed->is_tried || bind_again(*own);
        if (!is_bound || !calls_.may_start(*own)) {
            return calls_.finish(std::move(own), At::later);
        }
        listener.backend().start(std::move(own), {}, At::later);
    });
}

bool KeyedCalls::keep(CallPtr& call) noexcept {
    KeyedCall& keyed = *call->state.keyed;
    if (!std::exchange(keyed.is_held, false)) {
        return false;
    }
    if (keyed.is_committed) {
        // What was committed is what is answered, whatever the handler did then.
        restore(*call);
        answer_all(remove(keyed.key), keyed.record);
        return false;
    }
    if (call->state.retry_after && !call->can_come_again() && try_later(call)) [[unlikely]] {
        return true;
    }
    try {
        if (!is_outcome(*call)) {
            if (!call->has_begun() || keyed.mode == Idempotency::at_least_once) {
                store_.let_go({keyed.key, keyed.attempt},
                              call->has_begun() ? store::LetGo::failed : store::LetGo::undone);
            }
            pass_on(keyed.key);
            return false;
        }
        protocol::write_response_record(call->state.response, keyed.record);
        const store::HeldCall held{keyed.key, keyed.attempt};
        const std::string record = keyed.record;
        const Parked parked = park(*call);
        static_cast<void>(call.release());
        store_.keep(held, record,
                    [this, key = held.key, parked, record](std::expected<bool, Failure> outcome) {
                        kept(key, parked, record, outcome);
                    });
        return true;
    } catch (const std::bad_alloc&) {
        fail_all(nullptr, remove(keyed.key), out_of_memory());
        return false;
    }
}

void KeyedCalls::kept(const std::string& key, const Parked& parked, const std::string& record,
                      const std::expected<bool, Failure>& outcome) noexcept {
    if (!outcome) {
        // Who gets its reply does not ask again; who gets a failure in its place would.
        counters_.unkept.fetch_add(1, std::memory_order_relaxed);
    }
    answer_all(remove(key), record);
    if (CallPtr call = take(parked)) {
        calls_.finish(std::move(call), At::later);
    }
}

void KeyedCalls::pass_on(const std::string& key) noexcept {
    const std::lock_guard guard{mutex_};
    if (const auto found = running_.find(key); found != running_.end()) {
        end_begun(found->second);
        Parked next;
        if (Entry* const entry = next_of(key, next)) {
            ask(*entry, next);
        }
        step_isolation();
    }
}

/// Whoever is to run under a key that is not begun.
/// in   parked: who waits for that, or waited; out: who does
/// out  null: nobody does, and the key is forgotten
KeyedCalls::Entry* KeyedCalls::next_of(const std::string& key, Parked& parked) {
    const auto found = running_.find(key);
    if (found == running_.end()) {
        return nullptr;
    }
    const auto waits = [](const Parked& each) {
        return each != nullptr && each->load() != nullptr;
    };
    if (waits(parked)) {
        return &*found;
    }
    std::vector<Parked>& joined = found->second.joined;
    const auto next = std::ranges::find_if(joined, waits);
    if (next == joined.end()) {
        running_.erase(found);
        return nullptr;
    }
    parked = *next;
    joined.erase(joined.begin(), next + 1);
    return &*found;
}

std::vector<KeyedCalls::Parked> KeyedCalls::remove(const std::string& key) noexcept {
    const std::lock_guard guard{mutex_};
    const auto found = running_.find(key);
    if (found == running_.end()) {
        return {};
    }
    std::vector<Parked> joined = std::move(found->second.joined);
    end_begun(found->second);
    running_.erase(found);
    step_isolation();
    return joined;
}

void KeyedCalls::answer(CallPtr call, const std::string& record) noexcept {
    calls_.guard(*call, [&] {
        call->state.keyed->record = record;
        restore(*call);
        call->state.response.is_replayed = true;
    });
    calls_.finish(std::move(call), At::later);
}

void KeyedCalls::answer_all(const std::vector<Parked>& joined, const std::string& record) noexcept {
    for (const Parked& parked : joined) {
        if (CallPtr call = take(parked)) {
            answer(std::move(call), record);
        }
    }
}

void KeyedCalls::fail_all(CallPtr call, const std::vector<Parked>& joined,
                          const Failure& why) noexcept {
    if (call != nullptr) {
        call->fail(why);
        calls_.finish(std::move(call), At::later);
    }
    for (const Parked& parked : joined) {
        if (CallPtr waiting = take(parked)) {
            waiting->fail(why);
            calls_.finish(std::move(waiting), At::later);
        }
    }
}

}  // namespace warren::runtime
