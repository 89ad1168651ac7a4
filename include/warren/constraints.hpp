#pragma once

#include <warren/dynamic.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

/// A regular expression (RE2 syntax), compiled once and matched in linear time.
class Pattern {
public:
    /// in   field: whose it is, such as "Request.name"
    /// err  throws warren::Error (internal) that names the field, when the expression is not valid
    Pattern(std::string expression, std::string_view field);

    /// As it was given.
    const std::string& expression() const noexcept { return expression_; }
    /// out  whether any part of the text matches, as JSON Schema has it: anchor with ^ and $
    bool matches(std::string_view text) const;

private:
    struct Compiled;
    std::string expression_;
    std::shared_ptr<const Compiled> compiled_;
};

/// What a field demands of its value beyond the type. On an optional or a secret: of its content.
struct Constraints {
    // numbers: int64, uint64 or float64, compared exactly; durations in seconds
    std::optional<Value> greater_than;
    std::optional<Value> at_least;
    std::optional<Value> less_than;
    std::optional<Value> at_most;
    // text in code points; bytes, lists, sets and maps in elements
    std::optional<std::size_t> min_length;
    std::optional<std::size_t> max_length;
    std::optional<Pattern> pattern;

    /// A demand in code: a predicate over the field, and what is said when it does not hold.
    struct Check {
        std::shared_ptr<void> predicate;
        bool (*holds)(void* predicate, const void* field) = nullptr;
        std::string message;
    };
    std::vector<Check> checks;
};

/// What is attached to a field in WARREN_MODEL: each is a function over the field's description.
namespace attributes {

/// What `describe` gives.
struct Describe {
    std::string_view text;
};
/// What `wire_name` gives.
struct WireName {
    std::string_view name;
};
/// What `example` gives.
struct Example {
    Dynamic value;
};
/// One bound of a number or a duration.
struct Bound {
    std::optional<Value> Constraints::* kind;
    Value bound;
};
/// One bound of a length.
struct Length {
    std::optional<std::size_t> Constraints::* kind;
    std::size_t length;
};
/// What `pattern` gives.
struct Matches {
    std::string_view expression;
};
/// What `defaulted` gives.
struct Defaulted {};
/// What `satisfies` gives.
template <typename Function>
struct Satisfies {
    Function function;
    std::string_view message;
};

namespace detail {
template <typename Number>
    requires std::is_arithmetic_v<Number>
constexpr Value number(Number bound) {
    if constexpr (std::is_floating_point_v<Number>) {
        return Value::floating(bound);
    } else if constexpr (std::is_signed_v<Number>) {
        return Value::integer(bound);
    } else {
        return Value::unsigned_integer(bound);
    }
}
template <typename Count, typename Unit>
constexpr Value number(std::chrono::duration<Count, Unit> bound) {
    if constexpr (Unit::den == 1) {
        return Value::integer(std::chrono::seconds{bound}.count());
    } else {
        return Value::floating(std::chrono::duration<double>{bound}.count());
    }
}
}  // namespace detail

/// What the field means, for people: in the documentation and the JSON Schema.
inline Describe describe(std::string_view text) {
    return {text};
}
/// What the field is called outside of the program, where that cannot be the member's name.
inline WireName wire_name(std::string_view name) {
    return {name};
}
/// A value as it would stand in a request; may be given several times.
inline Example example(Dynamic value) {
    return {std::move(value)};
}
/// Bounds of a number, or of a duration: as one, or in seconds.
inline Bound greater_than(auto bound) {
    return {&Constraints::greater_than, detail::number(bound)};
}
/// Of numbers and durations: this, or more.
inline Bound at_least(auto bound) {
    return {&Constraints::at_least, detail::number(bound)};
}
/// Of numbers and durations: less than this.
inline Bound less_than(auto bound) {
    return {&Constraints::less_than, detail::number(bound)};
}
/// Of numbers and durations: this, or less.
inline Bound at_most(auto bound) {
    return {&Constraints::at_most, detail::number(bound)};
}
/// Of text in code points, of bytes, lists, sets and maps in elements.
inline Length min_length(std::size_t length) {
    return {&Constraints::min_length, length};
}
/// As `min_length`.
inline Length max_length(std::size_t length) {
    return {&Constraints::max_length, length};
}
/// RE2 syntax; any part of the text may match, so anchor with ^ and $.
inline Matches pattern(std::string_view expression) {
    return {expression};
}
/// The field may be left out and then keeps its default, also when that is empty text or an empty
/// list. (A member initializer that differs from `{}` says the same by itself.)
inline Defaulted defaulted() {
    return {};
}
/// A demand of your own: a predicate over the field, and the message when it does not hold.
template <typename Function>
Satisfies<Function> satisfies(Function predicate, std::string_view message) {
    return {std::move(predicate), message};
}

}  // namespace attributes
}  // namespace warren
