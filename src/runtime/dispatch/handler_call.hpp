#pragma once

#include <warren/detail/invocation.hpp>

#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/dispatch/workers.hpp"

#include <atomic>
#include <coroutine>
#include <memory>
#include <utility>

namespace warren::runtime {

/// A call of a handler that responds later. It ends when the handler has returned, or its coroutine
/// rests, and its response is there or never will be, whichever comes last: until then the handler
/// may use the request. Destroys itself then.
class HandlerCall final : public detail::OpenCall, private Task {
public:
    /// Takes the call when nothing is thrown.
    HandlerCall(ListenerContext& listener, std::unique_ptr<ServerCall>& call) noexcept
        : listener_{listener}, calls_{listener.calls()}, job_{std::move(call)} {}

    /// Run the handler until it returns or waits, once.
    void run(At at) noexcept {
        ServerCall& running = *job_;
        // What it throws is in the call.
        calls_.guard(running, [&] { running.state.invocation->run(running.state.context, this); });
        take_turn(at);
    }

    Invocation& invocation() noexcept override { return *job_->state.invocation; }
    void complete() noexcept override {
        has_result_ = true;
        leave(At::later);
    }
    void abandon() noexcept override { leave(At::later); }
    void go_on(std::coroutine_handle<> waiting) noexcept override {
        due_ = waiting;
        if (turn_.exchange(Turn::due, std::memory_order_acq_rel) == Turn::none) {
            holders_.fetch_add(1, std::memory_order_relaxed);
            queue_turn();
        }
    }

private:
    enum class Turn : std::uint8_t {
        none,
        taken,  // some thread runs the handler
        due,    // the handler is to run, perhaps as soon as that thread is done
    };

    void run_task() noexcept override {
        turn_.store(Turn::taken, std::memory_order_relaxed);
        next_coroutine = due_;
        take_turn(At::later);
    }

    /// Coroutines run in turn here, and not in one another.
    void take_turn(At at) noexcept {
        while (const auto next = std::exchange(next_coroutine, nullptr)) {
            next.resume();
        }
        Turn taken = Turn::taken;
        if (turn_.compare_exchange_strong(taken, Turn::none, std::memory_order_acq_rel)) {
            leave(at);
        } else {
            queue_turn();
        }
    }

    /// As the call was admitted, no limit holds for it any more.
    void queue_turn() noexcept {
        if (job_->state.method->execution == Execution::worker) {
            listener_.run_admitted(*this);
        } else {
            listener_.executor().post([this] { run_task(); });
        }
    }

    void leave(At at) noexcept {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
            return;
        }
        const std::unique_ptr<HandlerCall> self{this};
        if (has_result_) {
            job_->state.response = {};
            calls_.guard(*job_, [this] {
                job_->state.invocation->conclude();
                calls_.take_result(*job_);
            });
        } else if (!job_->state.response.failure) {
            calls_.fail_internally(*job_, "its handler let go of the responder without a response");
        }
        calls_.finish(std::move(job_), at);
    }

    ListenerContext& listener_;
    RunningCalls& calls_;
    std::unique_ptr<ServerCall> job_;
    std::atomic<int> holders_ = 2;  // whoever has the turn, and who is to respond
    std::atomic<Turn> turn_ = Turn::taken;
    std::coroutine_handle<> due_;
    bool has_result_ = false;
};

}  // namespace warren::runtime
