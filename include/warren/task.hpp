#pragma once

#include <warren/detail/invocation.hpp>
#include <warren/type.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace warren {

namespace detail {

template <typename T>
inline constexpr bool is_task = false;
template <typename T>
inline constexpr bool is_task<task<T>> = true;

/// What a task may wait for beside other tasks: calls, and batches of calls.
template <typename T>
concept WaitsForCalls = requires(T& awaited, OpenCall& call) { awaited.awaiter(call); };

/// Waits for a task that begins now.
template <typename T>
struct TaskAwaiter {
    task<T>& awaited;
    OpenCall& call;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept {
        awaited.start(call, waiting);
    }
    T await_resume() const { return awaited.take(); }
};

class TaskPromiseBase {
public:
    std::suspend_always initial_suspend() const noexcept { return {}; }
    auto final_suspend() const noexcept {
        struct Ended {
            const TaskPromiseBase& promise;

            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<>) const noexcept {
                if (promise.waiting_) {
                    promise.call_->next_coroutine = promise.waiting_;
                } else {
                    promise.call_->complete();
                }
            }
            void await_resume() const noexcept {}
        };
        return Ended{*this};
    }
    void unhandled_exception() noexcept { thrown_ = std::current_exception(); }

    template <typename Awaited>
    auto await_transform(Awaited&& awaited) {
        using Kind = std::remove_cvref_t<Awaited>;
        if constexpr (is_task<Kind>) {
            static_assert(!std::is_lvalue_reference_v<Awaited>,
                          "a task is waited for once: co_await std::move(it)");
            return TaskAwaiter<typename Kind::value_type>{awaited, *call_};
        } else if constexpr (WaitsForCalls<Kind>) {
            return awaited.awaiter(*call_);
        } else {
            static_assert(always_false<Awaited>,
                          "a task waits for tasks, Context::call and batches of calls; a handler "
                          "that waits for anything else takes a Responder");
            return std::suspend_never{};
        }
    }

    /// in   waiting: goes on when this has ended; none: the call has its result then
    void start(OpenCall& call, std::coroutine_handle<> waiting) noexcept {
        call_ = &call;
        waiting_ = waiting;
    }

protected:
    void rethrow() const {
        if (thrown_) {
            std::rethrow_exception(thrown_);
        }
    }

private:
    OpenCall* call_ = nullptr;
    std::coroutine_handle<> waiting_;
    std::exception_ptr thrown_;
};

template <typename T>
class TaskPromise final : public TaskPromiseBase {
public:
    task<T> get_return_object() noexcept;
    template <std::convertible_to<T> From = T>
    void return_value(From&& result) {
        result_.emplace_from([&]() -> T { return std::forward<From>(result); });
    }
    T take() {
        rethrow();
        return std::move(*result_.get());
    }

private:
    Slot<T> result_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() const { rethrow(); }
};

}  // namespace detail

/// What a coroutine handler gives: it answers its call when it ends, and while it waits it holds no
/// thread.
///
///     warren::task<Total> add_up(const Order& order, warren::Context& context) {
///         const Price price = co_await context.call<price_of>(prices, order.item);
///         co_return Total{price.amount * order.count};
///     }
///     server.method("add_up", add_up);
///
/// The handler, its request and its `Context` are there until it has ended, so a lambda with
/// captures may be one. After each wait it goes on where its method runs, on some worker or on the
/// I/O thread, and never twice at once. Until it ends the call keeps its lock and its place among
/// those in flight. What it gives and throws is what it is of any other handler.
///
/// A task of its own is a part of a handler: it begins when it is waited for (`co_await part()`),
/// with the arguments it was given, so what it takes by reference must be there until then.
///
/// g++ 12 destroys some temporaries twice, and loses others, when a `co_await` stands inside of an
/// aggregate's braces or of a condition: let each be the whole of a statement that names its
/// result, as above.
template <typename T = void>
class [[nodiscard]] task {
public:
    /// For the compiler.
    using promise_type = detail::TaskPromise<T>;
    /// What it gives when it is waited for.
    using value_type = T;

    task(task&& other) noexcept : coroutine_{std::exchange(other.coroutine_, nullptr)} {}
    task& operator=(task&& other) noexcept {
        std::swap(coroutine_, other.coroutine_);
        return *this;
    }
    ~task() {
        if (coroutine_) {
            coroutine_.destroy();
        }
    }

    /// For handlers and tasks that wait.
    void start(detail::OpenCall& call, std::coroutine_handle<> waiting) noexcept {
        coroutine_.promise().start(call, waiting);
        call.next_coroutine = coroutine_;
    }
    /// Its result, once it is over.
    /// err  throws what it threw
    T take() { return coroutine_.promise().take(); }

private:
    friend promise_type;
    explicit task(promise_type& promise) noexcept
        : coroutine_{std::coroutine_handle<promise_type>::from_promise(promise)} {}

    std::coroutine_handle<promise_type> coroutine_;
};

template <typename T>
task<T> detail::TaskPromise<T>::get_return_object() noexcept {
    return task<T>{*this};
}
inline task<void> detail::TaskPromise<void>::get_return_object() noexcept {
    return task<void>{*this};
}

}  // namespace warren
