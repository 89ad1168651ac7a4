#pragma once

#include <warren/detail/bound_handler.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

// What a handler takes and gives.
namespace warren::detail {

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

}  // namespace warren::detail
