#pragma once

#include <warren/dynamic.hpp>

#include <cstddef>
#include <functional>
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
    // numbers: int64, uint64 or float64, compared exactly
    std::optional<Value> greater_than;
    std::optional<Value> at_least;
    std::optional<Value> less_than;
    std::optional<Value> at_most;
    // text in code points; bytes, lists and maps in elements
    std::optional<std::size_t> min_length;
    std::optional<std::size_t> max_length;
    std::optional<Pattern> pattern;

    /// A demand in code: gives what is wrong, or nothing. It gets the field itself.
    struct Check {
        std::function<std::optional<std::string>(const void* field)> run;
    };
    std::vector<Check> checks;
};

/// What is attached to a field in WARREN_MODEL: each is a function over the field's description.
namespace attributes {

struct Describe {
    std::string text;
};
struct Example {
    Dynamic value;
};
struct GreaterThan {
    Value bound;
};
struct AtLeast {
    Value bound;
};
struct LessThan {
    Value bound;
};
struct AtMost {
    Value bound;
};
struct MinLength {
    std::size_t length;
};
struct MaxLength {
    std::size_t length;
};
struct Matches {
    std::string expression;
};
struct Defaulted {};
template <typename Function>
struct Satisfies {
    Function function;
    std::string message;
};

namespace detail {
template <typename Number>
    requires std::is_arithmetic_v<Number>
Value number(Number bound) {
    return Dynamic{bound}.value();  // a number owns nothing, so the view outlives the temporary
}
}  // namespace detail

/// What the field means, for people: in the documentation and the JSON Schema.
inline Describe describe(std::string text) {
    return {std::move(text)};
}
/// A value as it would stand in a request; may be given several times.
inline Example example(Dynamic value) {
    return {std::move(value)};
}
inline GreaterThan greater_than(auto bound) {
    return {detail::number(bound)};
}
inline AtLeast at_least(auto bound) {
    return {detail::number(bound)};
}
inline LessThan less_than(auto bound) {
    return {detail::number(bound)};
}
inline AtMost at_most(auto bound) {
    return {detail::number(bound)};
}
inline MinLength min_length(std::size_t length) {
    return {length};
}
inline MaxLength max_length(std::size_t length) {
    return {length};
}
/// RE2 syntax; any part of the text may match, so anchor with ^ and $.
inline Matches pattern(std::string expression) {
    return {std::move(expression)};
}
/// The field may be left out and then keeps its default, also when that is empty text or an empty
/// list. (A member initializer that differs from `{}` says the same by itself.)
inline Defaulted defaulted() {
    return {};
}
/// A demand of your own: a predicate over the field, and the message when it does not hold.
template <typename Function>
Satisfies<Function> satisfies(Function predicate, std::string message) {
    return {std::move(predicate), std::move(message)};
}

}  // namespace attributes
}  // namespace warren
