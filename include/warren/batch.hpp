#pragma once

#include <warren/client.hpp>
#include <warren/context.hpp>
#include <warren/detail/call_group.hpp>
#include <warren/lazy_call.hpp>

#include <array>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Many calls at once, with one deadline.
namespace warren {

namespace detail {

/// Waits for a group without a thread.
template <typename Result>
class GroupAwaiter final : private GroupWaiter {
public:
    GroupAwaiter(std::unique_ptr<GroupOf<Result>> group, OpenCall& handler) noexcept
        : group_{std::move(group)}, handler_{handler} {}
    GroupAwaiter(const GroupAwaiter&) = delete;
    GroupAwaiter& operator=(const GroupAwaiter&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept {
        waiting_ = waiting;
        group_->start(*this);
    }
    Result await_resume() { return group_->take(); }

private:
    void ended() noexcept override { handler_.go_on(waiting_); }

    std::unique_ptr<GroupOf<Result>> group_;
    OpenCall& handler_;
    std::coroutine_handle<> waiting_;
};

/// Settings, where there are some.
inline CallOptions options_of() {
    return {};
}
inline CallOptions options_of(const CallOptions& options) {
    return options;
}

/// Calls of one method with many requests.
template <Contract C, typename Result>
class CallsOfMany : public GroupOf<Result> {
public:
    using Request = C::request_type;
    using Response = C::response_type;

    CallsOfMany(ClientTarget& target, std::span<const Request> requests, CallOptions options,
                const Context* of, CallGroup::Until until)
        : GroupOf<Result>{requests.size(), options.at_once_max, until,
                          of != nullptr ? of->stop : std::stop_token{}},
          target_{target},
          requests_{requests},
          options_{std::move(options)},
          of_{of},
          outcomes_(requests.size()) {}

protected:
    void begin_call(std::size_t index) final {
        ReadyCall ready = target_.make_ready(erase<C>(requests_[index]), options_, of_);
        // The one that begins first, alone, says when all are over.
        end_ = end_.value_or(end_of(ready));
        ready.deadline = end_;
        ready.stop = this->stop_token();
        await_room(ready);
        begin<OutcomeSink<Response, CallGroup>>(std::move(ready), outcomes_[index], *this, index);
    }
    void fail(std::size_t index, Failure why) final {
        outcomes_[index] = std::unexpected{std::move(why)};
    }
    bool has_room() const noexcept final { return detail::has_room(target_.implementation()); }
    void refuse_on_io_thread() const final {
        detail::refuse_on_io_thread(target_.implementation());
    }

    std::vector<std::expected<Response, Failure>>& outcomes() noexcept { return outcomes_; }

private:
    ClientTarget& target_;
    const std::span<const Request> requests_;
    const CallOptions options_;
    const Context* const of_;
    std::optional<Context::TimePoint> end_;
    std::vector<std::expected<Response, Failure>> outcomes_;
};

template <Contract C>
using AllOutcomes = std::vector<std::expected<typename C::response_type, Failure>>;

template <Contract C>
class AllOfMany final : public CallsOfMany<C, AllOutcomes<C>> {
public:
    using AllOfMany::CallsOfMany::CallsOfMany;
    AllOutcomes<C> take() override { return std::move(this->outcomes()); }
};

template <Contract C>
class AnyOfMany final : public CallsOfMany<C, typename C::response_type> {
public:
    using AnyOfMany::CallsOfMany::CallsOfMany;
    typename C::response_type take() override {
        if (this->outcomes().empty()) {
            throw Error{Code::internal, "Of no calls none succeeds"};
        }
        return take_or_throw(std::move(this->outcomes()[this->winner().value_or(0)]));
    }
};

/// Calls that were made ready one by one.
template <typename Result, typename... Responses>
class CallsOfKinds : public GroupOf<Result> {
public:
    CallsOfKinds(CallGroup::Until until, LazyCall<Responses>&... calls)
        : CallsOfKinds{until, std::array{calls.release()...}} {}

protected:
    void begin_call(std::size_t index) final {
        ReadyCall ready = std::move(calls_[index]);
        if (const std::stop_token any = this->stop_token(); any.stop_possible()) {
            ready.stop = any;
        }
        at(index, [&]<typename T>(std::expected<T, Failure>& outcome) {
            begin<OutcomeSink<T, CallGroup>>(std::move(ready), outcome, *this, index);
        });
    }
    void fail(std::size_t index, Failure why) final {
        at(index, [&](auto& outcome) { outcome = std::unexpected{std::move(why)}; });
    }
    void refuse_on_io_thread() const final {
        for (const ReadyCall& call : calls_) {
            detail::refuse_on_io_thread(*call.client);
        }
    }
    template <typename Function>
    void at(std::size_t index, Function function) {
        std::apply(
            [&](auto&... outcomes) {
                std::size_t each = 0;
                ((each++ == index ? function(outcomes) : void()), ...);
            },
            outcomes_);
    }

    std::tuple<std::expected<Responses, Failure>...> outcomes_;

private:
    using Calls = std::array<ReadyCall, sizeof...(Responses)>;

    /// They are cancelled together, as calls of one handler's: by the token of any.
    CallsOfKinds(CallGroup::Until until, Calls calls)
        : GroupOf<Result>{calls.size(), calls.size(), until, stop_of(calls)},
          calls_{std::move(calls)} {}
    static std::stop_token stop_of(const Calls& calls) {
        for (const ReadyCall& call : calls) {
            if (call.stop.stop_possible()) {
                return call.stop;
            }
        }
        return {};
    }

    Calls calls_;
};

template <typename... Responses>
using OutcomesOf = std::tuple<std::expected<Responses, Failure>...>;

template <typename... Responses>
class AllOfKinds final : public CallsOfKinds<OutcomesOf<Responses...>, Responses...> {
public:
    using AllOfKinds::CallsOfKinds::CallsOfKinds;
    OutcomesOf<Responses...> take() override { return std::move(this->outcomes_); }
};

template <typename T, typename... Others>
class AnyOfKind final : public CallsOfKinds<T, T, Others...> {
public:
    using AnyOfKind::CallsOfKinds::CallsOfKinds;
    T take() override {
        std::expected<T, Failure> taken;
        this->at(this->winner().value_or(0),
                 [&](std::expected<T, Failure>& outcome) { taken = std::move(outcome); });
        return take_or_throw(std::move(taken));
    }
};

}  // namespace detail

/// Calls that begin together, when somebody waits for them, once: `co_await` it in a coroutine of a
/// handler, `get()` it elsewhere. When that gives, every call of it is over.
template <typename Result>
class [[nodiscard]] Batch {
public:
    explicit Batch(std::unique_ptr<detail::GroupOf<Result>> group) noexcept
        : group_{std::move(group)} {}

    /// Make the calls, and hold this thread until they are over.
    /// err  throws Error (internal) where a call of it would wait for itself, as
    ///      `ClientTarget::call`, or when it was made already
    Result get() {
        const std::unique_ptr<detail::GroupOf<Result>> group = release();
        group->run();
        return group->take();
    }

    /// In a coroutine of a handler.
    detail::GroupAwaiter<Result> awaiter(detail::OpenCall& handler) { return {release(), handler}; }

private:
    std::unique_ptr<detail::GroupOf<Result>> release() {
        if (!group_) {
            throw Error{Code::internal, "These calls were made already"};
        }
        return std::move(group_);
    }

    std::unique_ptr<detail::GroupOf<Result>> group_;
};

/// Call a method with each of many requests. The outcomes are in the order of the requests, and
/// none is thrown.
///
///     const std::vector<Item> items = ...;
///     for (const auto& price : warren::call_all<price_of>(prices, items).get()) { ... }
///
/// At most `CallOptions::at_once_max` are under way at the same time, and fewer while the client
/// has no room for more (`in_flight_max`), but always one: the others wait for their turn. The
/// time-out is that of all together.
/// in   target, requests: there until the batch is over; options: an object with a name
template <Contract C, typename... Options>
    requires detail::OneOrNoOptions<Options...>
Batch<detail::AllOutcomes<C>> call_all(ClientTarget& target,
                                       std::span<const typename C::request_type> requests,
                                       Options&... options) {
    return Batch<detail::AllOutcomes<C>>{std::make_unique<detail::AllOfMany<C>>(
        target, requests, detail::options_of(options...), nullptr, detail::CallGroup::Until::all)};
}

/// As `call_all`, until one has succeeded: gives that one's response. The others are cancelled.
/// err  where it is waited for: throws Error, that of the first request, when none has succeeded;
///      (internal) without requests
template <Contract C, typename... Options>
    requires detail::OneOrNoOptions<Options...>
Batch<typename C::response_type> call_any(ClientTarget& target,
                                          std::span<const typename C::request_type> requests,
                                          Options&... options) {
    return Batch<typename C::response_type>{
        std::make_unique<detail::AnyOfMany<C>>(target, requests, detail::options_of(options...),
                                               nullptr, detail::CallGroup::Until::first_success)};
}
template <Contract C, typename... Options>
void call_all(ClientTarget& target, const std::vector<typename C::request_type>&& requests,
              Options&&... options) = delete;
template <Contract C, typename... Options>
void call_any(ClientTarget& target, const std::vector<typename C::request_type>&& requests,
              Options&&... options) = delete;

/// Calls of any methods and servers together; each keeps its own deadline.
///
///     const auto [price, stock] = co_await warren::when_all(
///         context.call<price_of>(prices, item), context.call<stock_of>(warehouse, item));
/// out  a `std::expected<response, Failure>` for each, in a tuple
template <typename... Responses>
    requires(sizeof...(Responses) != 0)
Batch<detail::OutcomesOf<Responses...>> when_all(LazyCall<Responses>... calls) {
    return Batch<detail::OutcomesOf<Responses...>>{
        std::make_unique<detail::AllOfKinds<Responses...>>(detail::CallGroup::Until::all,
                                                           calls...)};
}

/// The first of them that succeeds, such as the same call of several servers: gives its response.
/// The others are cancelled.
/// err  where it is waited for: throws Error, that of the first call, when none has succeeded
template <typename T, typename... Others>
    requires(std::same_as<T, Others> && ...)
Batch<T> when_any(LazyCall<T> first, LazyCall<Others>... others) {
    return Batch<T>{std::make_unique<detail::AnyOfKind<T, Others...>>(
        detail::CallGroup::Until::first_success, first, others...)};
}

template <typename C, typename... Options>
    requires detail::OneOrNoOptions<Options...>
Batch<std::vector<std::expected<typename C::response_type, Failure>>> Context::call_all(
    ClientTarget& target, std::span<const typename C::request_type> requests,
    Options&... options) const {
    return Batch<detail::AllOutcomes<C>>{std::make_unique<detail::AllOfMany<C>>(
        target, requests, detail::options_of(options...), this, detail::CallGroup::Until::all)};
}
template <typename C, typename... Options>
    requires detail::OneOrNoOptions<Options...>
Batch<typename C::response_type> Context::call_any(
    ClientTarget& target, std::span<const typename C::request_type> requests,
    Options&... options) const {
    return Batch<typename C::response_type>{
        std::make_unique<detail::AnyOfMany<C>>(target, requests, detail::options_of(options...),
                                               this, detail::CallGroup::Until::first_success)};
}

}  // namespace warren
