#pragma once

#include <warren/value.hpp>

#include "contract/document.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace warren::contract {

/// The numbers that a type and its demands leave; of a duration: its seconds.
struct NumberRange {
    std::optional<Value> least{};
    bool above_least = false;  // the least itself is not among them
    std::optional<Value> greatest{};
    bool below_greatest = false;

    bool contains(const NumberRange& other) const noexcept;
    friend bool operator==(const NumberRange& left, const NumberRange& right) noexcept;
};

/// What a type holds by itself: everything, where it is no number.
NumberRange number_range(const DataType& type);
/// What demands leave of it. Bounds of integers are whole, and never open.
NumberRange number_range(const DataType& type, const Demands& demands);
/// Such as "from 1 to 10", "at least 0" or "any".
std::string to_text(const NumberRange& range);

/// Whether all whole numbers of a range have a floating-point number of their own.
bool are_exact_in(std::uint32_t bits, const NumberRange& integers) noexcept;
/// Whether a 32-bit number that keeps to a range does so, too, as the decimal number that it is
/// written as: 0.1f is more than 0.1, and goes out as 0.1.
bool keeps_as_decimal(const NumberRange& range) noexcept;

struct LengthRange {
    std::size_t least = 0;
    std::optional<std::size_t> greatest{};

    bool contains(const LengthRange& other) const noexcept;
    friend bool operator==(const LengthRange&, const LengthRange&) = default;
};

/// How long the text, bytes, list or map of a type is; of an array as it is.
LengthRange length_range(const DataType& type, const Demands& demands) noexcept;
std::string to_text(const LengthRange& range);

/// Nanoseconds of a duration's unit.
std::int64_t unit_ns(const DataType& duration) noexcept;

}  // namespace warren::contract
