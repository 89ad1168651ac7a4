#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/type.hpp>

#include "format/json/json.hpp"
#include "model/bind.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace warren::test {

inline Dynamic parse(std::string_view json) {
    Arena arena;
    const auto value = format::json_decode(json, arena, {.depth_max = 100'000});
    if (!value) {
        throw std::runtime_error{value.error().message};
    }
    return Dynamic{*value};
}

inline std::string json_of(const Value& value) {
    std::string text;
    if (const auto done = format::json_encode(value, text); !done) {
        throw std::runtime_error{done.error().message};
    }
    return text;
}

/// Errors as "location type", one per entry.
inline std::vector<std::string> briefly(const std::vector<FieldError>& errors) {
    std::vector<std::string> brief;
    for (const FieldError& error : errors) {
        const std::string location = to_string(error.location);
        brief.push_back(location.empty() ? error.type : location + ' ' + error.type);
    }
    return brief;
}

using Brief = std::vector<std::string>;

template <typename T>
Brief bind_errors(std::string_view json, T& target) {
    return briefly(model::bind(type_of<T>(), parse(json).value(), &target));
}

template <typename T>
Brief bind_errors(std::string_view json) {
    T target{};
    return bind_errors(json, target);
}

}  // namespace warren::test
