#pragma once

#include <warren/error.hpp>

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

namespace warren::endpoint {

/// Why something cannot be: `invalid_request`.
inline std::unexpected<Failure> refused(std::string message) {
    return std::unexpected{Failure{.code = Code::invalid_request, .message = std::move(message)}};
}

/// At the user's edge.
template <typename T>
T value_or_throw(std::expected<T, Failure> result) {
    if (!result) {
        throw Error{std::move(result.error())};
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

}  // namespace warren::endpoint
