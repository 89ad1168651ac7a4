#pragma once

#include <warren/context.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/responder.hpp>
#include <warren/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

// The runs of a handler, by how it answers.
namespace warren::detail {

/// How a handler gets its request.
enum class Passing : std::uint8_t {
    not_at_all,
    whole,
    apart,  // a tuple, as its parameters
};

/// What a handler takes behind its request, and before its responder.
/// in  Part: of its stream; void: it takes none
template <bool takes_context, typename Part>
struct Extras {
    /// Call a function with them, and with more behind them.
    template <typename Function, typename... More>
    static decltype(auto) call(Context& context, Function&& function, More&&... more) {
        if constexpr (std::is_void_v<Part>) {
            if constexpr (takes_context) {
                return function(context, std::forward<More>(more)...);
            } else {
                return function(std::forward<More>(more)...);
            }
        } else if constexpr (takes_context) {
            return function(context, Stream<Part>{*context.writer}, std::forward<More>(more)...);
        } else {
            return function(Stream<Part>{*context.writer}, std::forward<More>(more)...);
        }
    }
};

template <typename Base, typename Handler, typename Request, Passing passing>
class BoundHandler : public Base {
public:
    explicit BoundHandler(const std::shared_ptr<void>& handler) : handler_{handler} {}

    void* request() override {
        return request_.get() != nullptr ? request_.get()
                                         : request_.emplace_from([] { return Request(); });
    }

    void clear() noexcept override {
        Base::clear();
        request_.reset();
    }

protected:
    /// in   more: what the handler takes behind its extras
    template <typename Extra, typename... More>
    decltype(auto) call(Context& context, More&&... more) {
        return Extra::call(
            context,
            [this](auto&&... behind) -> decltype(auto) {
                return this->call_with(std::forward<decltype(behind)>(behind)...);
            },
            std::forward<More>(more)...);
    }

private:
    /// in   more: what the handler takes behind the request
    template <typename... More>
    decltype(auto) call_with(More&&... more) {
        Handler& handler = *static_cast<Handler*>(handler_.get());
        if constexpr (passing == Passing::not_at_all) {
            return handler(std::forward<More>(more)...);
        } else if constexpr (passing == Passing::whole) {
            return handler(std::as_const(*request_.get()), std::forward<More>(more)...);
        } else {
            return [&]<std::size_t... Index>(std::index_sequence<Index...>) -> decltype(auto) {
                return handler(std::get<Index>(std::move(*request_.get()))...,
                               std::forward<More>(more)...);
            }(std::make_index_sequence<std::tuple_size_v<Request>>{});
        }
    }

    const std::shared_ptr<void> handler_;
    Slot<Request> request_;
};

template <typename Handler, typename Result, typename Request, Passing passing, typename Extra>
class HandlerInvocation final : public BoundHandler<Invocation, Handler, Request, passing> {
public:
    using HandlerInvocation::BoundHandler::BoundHandler;

    void run(Context& context, OpenCall*) override {
        result_.take_from([&]() -> Result { return this->template call<Extra>(context); }, *this);
    }

    void clear() noexcept override {
        result_.clear();
        HandlerInvocation::BoundHandler::clear();
    }

private:
    ResultHolder<Result> result_;
};

template <typename Handler, typename T, typename Request, Passing passing, typename Extra>
class LaterHandlerInvocation final
    : public BoundHandler<LaterInvocation<T>, Handler, Request, passing> {
public:
    using LaterHandlerInvocation::BoundHandler::BoundHandler;

    void run(Context& context, OpenCall* open) override {
        this->template call<Extra>(context, Responder<T>{*open});
    }
};

/// The run of a coroutine. The handler, the request and the context are there until it has ended.
template <typename Handler, typename Result, typename Request, Passing passing, typename Extra>
class TaskInvocation final : public BoundHandler<Invocation, Handler, Request, passing> {
public:
    using TaskInvocation::BoundHandler::BoundHandler;

    void run(Context& context, OpenCall* open) override {
        try {
            task_.emplace_from([&] { return this->template call<Extra>(context); });
        } catch (...) {
            open->abandon();
            throw;
        }
        task_.get()->start(*open, nullptr);
    }

    void conclude() override {
        task<Result> ended = std::move(*task_.get());
        task_.reset();
        result_.take_from([&]() -> Result { return ended.take(); }, *this);
    }

    void clear() noexcept override {
        task_.reset();
        result_.clear();
        TaskInvocation::BoundHandler::clear();
    }

private:
    Slot<task<Result>> task_;
    ResultHolder<Result> result_;
};

}  // namespace warren::detail
