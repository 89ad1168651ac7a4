#pragma once

#include <warren/context.hpp>
#include <warren/contract.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/model.hpp>
#include <warren/responder.hpp>
#include <warren/stream.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

/// The names of a plain function's parameters.
class ParameterNames {
public:
    ParameterNames(std::initializer_list<std::string_view> names);
    ParameterNames(std::vector<std::string> names);
    ~ParameterNames();

    std::vector<std::string> take() { return std::move(names_); }

private:
    std::vector<std::string> names_;
};

/// Makes the runs of one handler, of an erased type.
class InvocationFactory {
public:
    using Make = Invocation* (*)(const std::shared_ptr<void>& handler);

    InvocationFactory() = default;
    InvocationFactory(std::shared_ptr<void> handler, Make make)
        : handler_{std::move(handler)}, make_{make} {}

    std::unique_ptr<Invocation> operator()() const {
        return std::unique_ptr<Invocation>{make_(handler_)};
    }

private:
    std::shared_ptr<void> handler_;
    Make make_ = nullptr;
};

}  // namespace warren

// How a handler of any accepted shape becomes an `InvocationFactory` with two types.
namespace warren::detail {

struct HandlerDescription {
    const Type* request;
    const Type* response;
    InvocationFactory make_invocation;
    std::shared_ptr<void> (*make_response)();
    bool responds_later;
    const Type* part = nullptr;                // of its stream; null: it has none
    std::shared_ptr<const void> parameters{};  // what `request` is a part of, if anything
};

[[noreturn]] void refuse_parameter_names(std::string_view method, std::size_t parameters,
                                         std::size_t names);

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

/// What a handler gives when it has ended.
template <typename Result>
struct EndsWith {
    static constexpr bool is_task = false;
    using type = Result;
};
template <typename T>
struct EndsWith<task<T>> {
    static constexpr bool is_task = true;
    using type = T;
};

/// What a parameter is that is no part of the request.
template <typename T>
struct RespondsWith {
    static constexpr bool is_responder = false;
};
template <typename T>
struct RespondsWith<Responder<T>> {
    static constexpr bool is_responder = true;
    using type = T;
};

template <typename T>
struct PartOf {
    static constexpr bool is_stream = false;
    using type = void;
};
template <typename T>
struct PartOf<Stream<T>> {
    static constexpr bool is_stream = true;
    using type = T;
};

/// What a handler takes behind its request, and what it gives.
template <typename Result, typename... Parameters>
struct HandlerShape {
    using Given = std::tuple<Parameters..., void*>;
    static constexpr std::size_t count = sizeof...(Parameters);
    using All = std::tuple<std::remove_cvref_t<Parameters>..., void*>;  // never empty
    static constexpr std::size_t last = count == 0 ? 0 : count - 1;
    using Later = RespondsWith<std::tuple_element_t<last, All>>;
    using End = EndsWith<Result>;
    static constexpr bool has_responder = Later::is_responder;
    static constexpr bool is_later = has_responder || End::is_task;
    static constexpr std::size_t before_responder = count - (has_responder ? 1 : 0);
    using Parts =
        PartOf<std::tuple_element_t<before_responder == 0 ? count : before_responder - 1, All>>;
    using Part = Parts::type;
    static constexpr std::size_t before_stream = before_responder - (Parts::is_stream ? 1 : 0);
    static constexpr bool takes_context =
        std::is_same_v<std::tuple_element_t<before_stream == 0 ? count : before_stream - 1, All>,
                       Context>;
    using Extra = Extras<takes_context, Part>;
    static constexpr std::size_t data_count = before_stream - (takes_context ? 1 : 0);
    using Data = decltype([]<std::size_t... Index>(std::index_sequence<Index...>) {
        return std::type_identity<std::tuple<std::tuple_element_t<Index, All>...>>{};
    }(std::make_index_sequence<data_count>{}))::type;

    static_assert(!has_responder || std::is_void_v<Result>,
                  "a handler with a Responder answers by that, and returns nothing");
    static constexpr auto response() {
        if constexpr (has_responder) {
            return std::type_identity<typename Later::type>{};
        } else {
            return std::type_identity<typename ResponseOf<typename End::type>::type>{};
        }
    }
    using Response = decltype(response())::type;

    template <typename Handler, typename Request, Passing passing>
    using Made = std::conditional_t<
        has_responder, LaterHandlerInvocation<Handler, Response, Request, passing, Extra>,
        std::conditional_t<End::is_task,
                           TaskInvocation<Handler, typename End::type, Request, passing, Extra>,
                           HandlerInvocation<Handler, Result, Request, passing, Extra>>>;
};

// The shape of a function and of an object with one call operator.
template <typename Result, typename... Parameters>
HandlerShape<Result, Parameters...> shape_of(Result (*)(Parameters...));
template <typename Object, typename Result, typename... Parameters>
HandlerShape<Result, Parameters...> shape_of(Result (Object::*)(Parameters...));
template <typename Object, typename Result, typename... Parameters>
HandlerShape<Result, Parameters...> shape_of(Result (Object::*)(Parameters...) const);
template <typename Object, typename Result, typename... Parameters>
HandlerShape<Result, Parameters...> shape_of(Result (Object::*)(Parameters...) &);
template <typename Object, typename Result, typename... Parameters>
HandlerShape<Result, Parameters...> shape_of(Result (Object::*)(Parameters...) const&);

template <typename Handler>
consteval auto shape_of_handler() {
    if constexpr (requires(Handler handler) { shape_of(handler); }) {
        return std::type_identity<decltype(shape_of(std::declval<Handler>()))>{};
    } else if constexpr (requires { shape_of(&Handler::operator()); }) {
        return std::type_identity<decltype(shape_of(&Handler::operator()))>{};
    } else {
        static_assert(always_false<Handler>,
                      "a handler is a function, or an object with one call operator, which is no "
                      "template");
    }
}
template <typename Handler>
using ShapeOf = decltype(shape_of_handler<Handler>())::type;

/// A response to fill with mock data; nullptr for a handler that returns nothing.
template <typename Response>
std::shared_ptr<void> make_default_response() {
    if constexpr (std::is_void_v<Response>) {
        return nullptr;
    } else {
        using Made = std::remove_cv_t<Response>;
        return own(new Made(), &delete_object<Made>);
    }
}

template <typename Made>
Invocation* make_run(const std::shared_ptr<void>& handler) {
    return new Made(handler);
}

/// out  nullptr: there are no parts
template <typename Part>
const Type* part_type_of() {
    if constexpr (std::is_void_v<Part>) {
        return nullptr;
    } else {
        return &type_of<Part>();
    }
}

template <typename Request, Passing passing, typename Handler>
HandlerDescription describe_run(const Type* request, Handler handler) {
    using Shape = ShapeOf<Handler>;
    using Response = Shape::Response;
    return {request,
            &type_of<Response>(),
            {own(new Handler(std::move(handler)), &delete_object<Handler>),
             &make_run<typename Shape::template Made<Handler, Request, passing>>},
            &make_default_response<Response>,
            Shape::is_later,
            part_type_of<typename Shape::Part>()};
}

/// A parameter of a plain function.
struct Parameter {
    const Type* type;
    void* (*access)(void* tuple);
    bool required;
};

template <std::size_t index, typename Tuple>
void* access_element(void* tuple) {
    return &std::get<index>(*static_cast<Tuple*>(tuple));
}

/// Describe the parameters of a plain function as a model without a struct.
/// err  throws Error (internal) when there are not as many names
void describe_parameters(HandlerDescription& described, std::span<const Parameter> parameters,
                         const ObjectParts& parts, ParameterNames names, std::string_view method);

template <typename Handler>
HandlerDescription describe_handler(Handler handler, ParameterNames names,
                                    std::string_view method) {
    using Tuple = ShapeOf<Handler>::Data;
    HandlerDescription described = describe_run<Tuple, Passing::apart>(nullptr, std::move(handler));
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        static constexpr std::array<Parameter, sizeof...(Index)> parameters{
            Parameter{&type_of<std::tuple_element_t<Index, Tuple>>(), &access_element<Index, Tuple>,
                      !is_optional<std::tuple_element_t<Index, Tuple>>}...};
        describe_parameters(described, parameters, PartsOf<Tuple>::parts, std::move(names), method);
    }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
    return described;
}

template <typename Handler>
HandlerDescription describe_handler(Handler handler, std::string_view method) {
    using Shape = ShapeOf<Handler>;
    if constexpr (Shape::data_count == 1) {
        using Request = std::tuple_element_t<0, typename Shape::All>;
        if constexpr (DescribedModel<Request>) {
            return describe_run<Request, Passing::whole>(&type_of<Request>(), std::move(handler));
        }
    }
    if constexpr (Shape::data_count == 0) {
        return describe_handler(std::move(handler), {}, method);
    }
    refuse_parameter_names(method, Shape::data_count, 0);
}

template <typename C>
struct PartTypeOf {
    using type = void;
};
template <StreamContract C>
struct PartTypeOf<C> {
    using type = C::part_type;
};

template <typename Shape, typename C>
consteval bool keeps_to() {
    using Request = C::request_type;
    if constexpr (!std::same_as<typename Shape::Response, typename C::response_type> ||
                  !std::same_as<typename Shape::Part, typename PartTypeOf<C>::type>) {
        return false;
    } else if constexpr (Shape::data_count == 1) {
        return std::same_as<std::tuple_element_t<0, typename Shape::All>, Request> &&
               std::convertible_to<const Request&, std::tuple_element_t<0, typename Shape::Given>>;
    } else {
        return Shape::data_count == 0;
    }
}

template <Contract C, typename Handler>
HandlerDescription describe_for(Handler handler) {
    using Shape = ShapeOf<Handler>;
    using Request = C::request_type;
    if constexpr (keeps_to<Shape, C>()) {
        constexpr Passing passing = Shape::data_count == 0 ? Passing::not_at_all : Passing::whole;
        return describe_run<Request, passing>(&type_of<Request>(), std::move(handler));
    } else {
        static_assert(
            always_false<Handler>,
            "the handler does not keep to its WARREN_CONTRACT: it takes the contract's "
            "request as const&, or nothing, then Context& where it wants it, Stream<part> "
            "of a stream's, and Responder<response> where it wants it, and gives the "
            "contract's response, a Reply or a std::expected of it, or a task of these");
    }
}

}  // namespace warren::detail
