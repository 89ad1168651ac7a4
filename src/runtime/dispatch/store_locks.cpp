#include "runtime/dispatch/store_locks.hpp"

#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/running_calls.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>
#include <vector>

namespace warren::runtime {
namespace {

/// Of a call that has begun.
Failure lost_lock() {
    return {.code = Code::outcome_unknown,
            .message =
                "The handler ran to its end, but lost its lock meanwhile, as the lease was not "
                "renewed in time: another call may have run beside it"};
}

}  // namespace

void StoreLocks::ask(CallPtr call) noexcept {
    ServerCall* const asking = call.get();
    try {
        park(std::move(call));
    } catch (const std::bad_alloc&) {
        asking->fail(out_of_memory());
        calls_.finish(CallPtr{asking}, At::later);
    }
}

/// What may have no memory comes before it is parked.
void StoreLocks::park(CallPtr call) {
    ServerCall& waiting = *call.release();
    const std::uint64_t number = numbers_.fetch_add(1, std::memory_order_relaxed);
    auto lock = std::make_shared<store::StoreLock>(waiting.state.lock_key,
                                                   [this, number] { lose(number); });
    const auto parked = std::make_shared<ParkedCall>(&waiting);
    waiting.state.store_lock =
        std::make_unique<CallLock>(CallLock{.locks = *this, .lock = lock, .number = number});
    counters_.waiting.fetch_add(1, std::memory_order_relaxed);
    ListenerContext& listener = *waiting.state.listener;
    // In one with the asking, so that whoever ends the call gives up what was asked for.
    const bool is_parked = listener.deadlines().put(waiting, [&] {
        store_.lock(lock, [this, parked](std::expected<void, Failure> outcome) {
            answered(*parked, outcome);
        });
        waiting.state.parked = parked;
        waiting.state.is_parked_unbegun = true;
    });
    if (!is_parked) {
        // Its time is up, and it has to be told.
        waiting.state.store_lock->is_refused = true;
        return listener.resume(waiting);
    }
    if (calls_.is_cancelled()) {
        // The sweep may have been before it was parked.
        if (CallPtr own{parked->exchange(nullptr)}) {
            own->fail(stopping());
            calls_.finish(std::move(own), At::later);
        }
    }
}

void StoreLocks::answered(ParkedCall& parked,
                          const std::expected<void, Failure>& outcome) noexcept {
    CallPtr call{parked.exchange(nullptr)};
    if (call == nullptr) {
        return;
    }
    if (!outcome) {
        call->state.store_lock->is_refused = true;
        call->fail(outcome.error());
        return calls_.finish(std::move(call), At::later);
    }
    try {
        hold(*call);
    } catch (const std::bad_alloc&) {
        call->fail(out_of_memory());
        return calls_.finish(std::move(call), At::later);
    }
    ServerCall& resumed = *call.release();
    resumed.state.listener->resume(resumed);
}

void StoreLocks::hold(ServerCall& call) {
    CallLock& own = *call.state.store_lock;
    Executor& executor = call.state.listener->executor();
    bool has_to_watch = false;
    {
        const std::lock_guard guard{mutex_};
        held_.emplace(own.number, Held{own.lock, call.share_stop()});
        has_to_watch = !std::exchange(is_watching_, true);
    }
    own.is_held = true;
    call.state.context.fencing_token = own.lock->token();
    counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
    counters_.held.fetch_add(1, std::memory_order_relaxed);
    if (has_to_watch) {
        executor.post([this, &executor] { sweep(executor); });
    }
}

void StoreLocks::leave(ServerCall& call) noexcept {
    const std::unique_ptr<CallLock> own = std::move(call.state.store_lock);
    if (!own->is_held) {
        counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
    } else {
        counters_.held.fetch_sub(1, std::memory_order_relaxed);
        const bool is_over = own->lock->is_over();
        if (is_over) {
            lose(own->number);
        }
        bool was_lost = false;
        {
            const std::lock_guard guard{mutex_};
            was_lost = held_.erase(own->number) == 0;
        }
        if (was_lost && call.has_begun()) {
            call.state.has_lost_lock = true;
            calls_.report(call,
                          "its lock was lost while it ran: its lease was not renewed in time");
            // What was committed was so while the lock was held.
            if (!call.state.response.failure && !call.state.has_committed) {
                call.fail(lost_lock());
            }
        }
    }
    if (!own->is_refused) {
        store_.unlock(own->lock);
    }
}

void StoreLocks::lose(std::uint64_t number) noexcept {
    std::stop_source stop{std::nostopstate};
    {
        const std::lock_guard guard{mutex_};
        const auto found = held_.find(number);
        if (found == held_.end()) {
            return;
        }
        stop = std::move(found->second.stop);
        held_.erase(found);
    }
    counters_.lost.fetch_add(1, std::memory_order_relaxed);
    stop.request_stop();
}

void StoreLocks::sweep(Executor& executor) noexcept {
    const auto now = std::chrono::steady_clock::now();
    auto next = std::chrono::steady_clock::time_point::max();
    std::vector<std::uint64_t> over;
    {
        const std::lock_guard guard{mutex_};
        for (const auto& [number, held] : held_) {
            const auto until = held.lock->until();
            if (until <= now) {
                over.push_back(number);
            } else {
                next = std::min(next, until);
            }
        }
        is_watching_ = next != std::chrono::steady_clock::time_point::max();
    }
    std::ranges::for_each(over, [this](std::uint64_t number) { lose(number); });
    if (next != std::chrono::steady_clock::time_point::max()) {
        executor.post_at(executor.now() + (next - now), [this, &executor] { sweep(executor); });
    }
}

}  // namespace warren::runtime
