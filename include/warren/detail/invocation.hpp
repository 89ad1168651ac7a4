#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>
#include <warren/reply.hpp>

#include <coroutine>
#include <expected>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace warren {

template <typename T>
class task;

namespace detail {
class OpenCall;
}

/// One run of a handler at a time: the request to bind into, then the result.
class Invocation {
public:
    virtual ~Invocation() = default;
    /// The object that the request type describes, default-constructed when it is new or cleared.
    virtual void* request() = 0;
    /// Run the handler once. What it throws passes through.
    /// in   call: of a method that responds later, whose result is there once that is completed
    virtual void run(Context& context, detail::OpenCall* call) = 0;
    /// Show the result that came later. What a coroutine threw passes through.
    virtual void conclude() {}
    /// Destroy the request and the result, for another run.
    virtual void clear() noexcept {
        success = true;
        message = "OK";
        data = nullptr;
        failure.reset();
    }

    bool success = true;
    std::string message{"OK"};
    const void* data = nullptr;        // as the response type describes; nullptr: none
    std::optional<Failure> failure{};  // a handler's `std::unexpected`
};

namespace detail {

/// A call that is answered when its handler has returned, and its result is there or never will be.
/// thread any
class OpenCall {
public:
    virtual Invocation& invocation() noexcept = 0;
    /// The result is in the invocation.
    virtual void complete() noexcept = 0;
    /// There will be none.
    virtual void abandon() noexcept = 0;
    /// Have a coroutine of its handler that waits go on, where the handler runs. Of one call no two
    /// run at once, and one waits at most.
    virtual void go_on(std::coroutine_handle<> waiting) noexcept = 0;

    /// What runs next, once the coroutine that runs has suspended: that, and not a call from one
    /// into the other, so that no chain of them fills the stack.
    std::coroutine_handle<> next_coroutine{};

protected:
    ~OpenCall() = default;
};

template <typename Result>
struct ResponseOf {
    using type = Result;
};
template <typename T>
struct ResponseOf<Reply<T>> {
    using type = T;
};
template <typename T>
struct ResponseOf<std::expected<T, Failure>> : ResponseOf<T> {};

/// Room for an object that is made late: what `std::optional` is, for a tenth of its compile time.
template <typename T>
class Slot {
public:
    Slot() noexcept {}
    ~Slot() { reset(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    /// The object, if it was made.
    T* get() noexcept { return has_object_ ? &object_ : nullptr; }
    /// in   make: gives the object; there must be none yet
    template <typename Function>
    T* emplace_from(Function&& make) {
        T* const made = ::new (static_cast<void*>(&object_)) T(make());
        has_object_ = true;
        return made;
    }
    void reset() noexcept {
        if (has_object_) {
            has_object_ = false;
            object_.~T();
        }
    }

private:
    union {
        T object_;
    };
    bool has_object_ = false;
};

/// Keeps a handler's result alive and shows it to the runtime.
template <typename Result>
class ResultHolder {
public:
    template <typename Function>
    void take_from(Function&& call, Invocation& invocation) {
        if constexpr (std::is_void_v<Result>) {
            call();
        } else {
            show(*result_.emplace_from(std::forward<Function>(call)), invocation);
        }
    }

    void clear() noexcept { result_.reset(); }

private:
    template <typename T>
    static void show(const T& data, Invocation& invocation) {
        invocation.data = &data;
    }
    template <typename T>
    static void show(const Reply<T>& reply, Invocation& invocation) {
        invocation.success = reply.success;
        invocation.message = reply.message;
        invocation.data = reply.data ? &*reply.data : nullptr;
    }
    template <typename T>
    static void show(const std::expected<T, Failure>& result, Invocation& invocation) {
        if (!result) {
            invocation.failure = result.error();
            return;
        }
        if constexpr (!std::is_void_v<T>) {
            show(*result, invocation);
        }
    }

    Slot<std::conditional_t<std::is_void_v<Result>, bool, Result>> result_;
};

/// What a `Responder` leaves.
template <typename T>
using LaterResult =
    std::expected<std::conditional_t<std::is_void_v<T>, void,
                                     Reply<std::conditional_t<std::is_void_v<T>, int, T>>>,
                  Failure>;

/// The run of a handler whose result comes later.
template <typename T>
class LaterInvocation : public Invocation {
public:
    void take(LaterResult<T> result) {
        result_.take_from([&] { return std::move(result); }, *this);
    }

    void clear() noexcept override {
        result_.clear();
        Invocation::clear();
    }

private:
    ResultHolder<LaterResult<T>> result_;
};

}  // namespace detail
}  // namespace warren
