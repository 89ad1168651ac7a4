#pragma once

#include <warren/model.hpp>

#include <concepts>
#include <string_view>

namespace warren {

/// What both sides of a method agree on: its name and its two types.
template <typename T>
concept Contract = requires {
    typename T::request_type;
    typename T::response_type;
    { T::method_name } -> std::convertible_to<std::string_view>;
};

/// One whose handler sends parts before it responds.
template <typename T>
concept StreamContract = Contract<T> && requires { typename T::part_type; };

}  // namespace warren

/// Name a method's contract, at namespace scope:
///
///     WARREN_CONTRACT(dx_example_method, "dx_example", Request, Response)
///     ... client.call<dx_example_method>(request) ...
///
/// The types are structs with WARREN_MODEL, or any other type a field may have; a method that
/// answers no data has the response type `void`.
#define WARREN_CONTRACT(contract, name, request, response)    \
    struct contract {                                         \
        using request_type = request;                         \
        using response_type = response;                       \
        static constexpr std::string_view method_name = name; \
    };

/// The same of a method that sends parts of a type before its response:
///
///     WARREN_STREAM_CONTRACT(list_orders, "list_orders", Query, Order, Summary)
///     ... for (const Order& order : client.stream<list_orders>(query)) ...
#define WARREN_STREAM_CONTRACT(contract, name, request, part, response) \
    struct contract {                                                   \
        using request_type = request;                                   \
        using part_type = part;                                         \
        using response_type = response;                                 \
        static constexpr std::string_view method_name = name;           \
    };
