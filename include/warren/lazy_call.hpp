#pragma once

#include <warren/client.hpp>
#include <warren/context.hpp>
#include <warren/detail/ready_call.hpp>
#include <warren/parts.hpp>
#include <warren/task.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <expected>
#include <memory>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

namespace warren {

namespace detail {

/// Waits for a call without a thread.
template <typename T>
class CallAwaiter {
public:
    CallAwaiter(ReadyCall ready, OpenCall& handler) noexcept
        : ready_{std::move(ready)}, handler_{handler} {}
    CallAwaiter(const CallAwaiter&) = delete;
    CallAwaiter& operator=(const CallAwaiter&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        begin<OutcomeSink<T, CallAwaiter>>(std::move(ready_), outcome_, *this, 0U);
    }
    T await_resume() { return take_or_throw(std::move(outcome_)); }

    void arrive(std::size_t, bool) noexcept { handler_.go_on(waiting_); }

private:
    ReadyCall ready_;
    OpenCall& handler_;
    std::coroutine_handle<> waiting_;
    std::expected<T, Failure> outcome_;
};

/// Begin a call whose parts are taken one after the other.
template <typename Part, typename Response>
Parts<Part, Response> begin_parts(ReadyCall ready) {
    auto queue = std::make_shared<PartsQueue<Part, Response>>();
    std::stop_source stop;
    queue->follow(std::exchange(ready.stop, stop.get_token()), stop);
    begin<PartsSink<Part, Response>>(std::move(ready), queue);
    return {std::move(queue), std::move(stop)};
}

}  // namespace detail

/// A call that begins when somebody waits for it, once: its request is encoded already, and what
/// is wrong with that shows then. One that nobody waits for is never sent.
template <typename T>
class [[nodiscard]] LazyCall {
public:
    explicit LazyCall(detail::ReadyCall ready) noexcept : ready_{std::move(ready)} {}

    /// Make the call, and hold this thread until it is over.
    /// err  throws Error, as `ClientTarget::call`
    T get() {
        detail::BlockingSink<T> sink;
        detail::call_blocking(release(), sink);
        return sink.take_data();
    }

    /// Make the call without waiting.
    /// in   completion: as of `ClientTarget::start_call`
    template <std::invocable<std::expected<T, Failure>> Function>
    void start(Function completion) {
        detail::begin<detail::CompletionSink<T, Function>>(release(), std::move(completion));
    }

    /// In a coroutine of a handler: co_await it, which gives the response or throws Error.

    detail::CallAwaiter<T> awaiter(detail::OpenCall& handler) { return {release(), handler}; }
    /// For batches.
    detail::ReadyCall release() {
        if (!ready_.call) {
            throw Error{Code::internal, "This call was made already"};
        }
        return std::move(ready_);
    }
    /// The client that it is made by.
    detail::ClientImplementation& client() const noexcept { return *ready_.client; }

private:
    detail::ReadyCall ready_;
};

/// A call that begins when somebody waits for it, for programs that make several at once; handlers
/// have `Context::call`. What is deleted here and there: see <warren/async.hpp>.
template <Contract C>
LazyCall<typename C::response_type> lazy_call(ClientTarget& target,
                                              const typename C::request_type& request,
                                              const CallOptions& options) {
    return LazyCall<typename C::response_type>{
        target.make_ready(detail::erase<C>(request), options, nullptr)};
}
template <Contract C>
LazyCall<typename C::response_type> lazy_call(ClientTarget& target,
                                              const typename C::request_type& request) {
    const CallOptions none;
    return lazy_call<C>(target, request, none);
}
template <Contract C>
    requires std::is_class_v<typename C::request_type>
void lazy_call(ClientTarget& target, const typename C::request_type&& request) = delete;
template <Contract C>
    requires std::is_class_v<typename C::request_type>
void lazy_call(ClientTarget& target, const typename C::request_type&& request,
               const CallOptions& options) = delete;
template <Contract C>
void lazy_call(ClientTarget& target, const typename C::request_type& request,
               const CallOptions&& options) = delete;

template <typename C>
LazyCall<typename C::response_type> Context::call(ClientTarget& target,
                                                  const typename C::request_type& request,
                                                  const CallOptions& options) const {
    return LazyCall<typename C::response_type>{
        target.make_ready(detail::erase<C>(request), options, this)};
}
template <typename C>
LazyCall<typename C::response_type> Context::call(ClientTarget& target,
                                                  const typename C::request_type& request) const {
    const CallOptions none;
    return call<C>(target, request, none);
}
inline LazyCall<Dynamic> Context::call(ClientTarget& target, std::string_view name,
                                       const Dynamic& arguments, const CallOptions& options) const {
    return LazyCall<Dynamic>{target.make_ready(detail::erase(name, arguments), options, this)};
}
inline LazyCall<Dynamic> Context::call(ClientTarget& target, std::string_view name,
                                       const Dynamic& arguments) const {
    const CallOptions none;
    return call(target, name, arguments, none);
}

template <typename C>
Parts<typename C::part_type, typename C::response_type> Context::stream(
    ClientTarget& target, const typename C::request_type& request,
    const CallOptions& options) const {
    return detail::begin_parts<typename C::part_type, typename C::response_type>(
        target.make_ready(detail::erase_stream<C>(request), options, this));
}
template <typename C>
Parts<typename C::part_type, typename C::response_type> Context::stream(
    ClientTarget& target, const typename C::request_type& request) const {
    const CallOptions none;
    return stream<C>(target, request, none);
}

}  // namespace warren
