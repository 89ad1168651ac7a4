#pragma once

#include <warren/arena.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace warren::format {

/// A class whose instances a pickle may hold, apart from Python's own: whoever reads says which.
struct PickleClass {
    std::string_view module;
    std::string_view name;
};

class PickleValue;

/// What a list, tuple, dict, set, instance or exception consists of.
struct PickleParts {
    PickleValue* items = nullptr;
    std::uint32_t size = 0;
    std::uint32_t room = 0;                 // items that fit before it has to move
    std::uint32_t visit = 0;                // for who walks over the graph; from 1
    const PickleClass* of_class = nullptr;  // of an instance
};

/// One value of Python, of those that a pickle may hold here: data only, with what Python tells
/// apart kept apart. It is a 16-byte view; what it views lives in an `Arena` or in the input. Two
/// values may have one and the same part, but none is a part of itself.
/// thread any (immutable once built)
class PickleValue {
public:
    enum class Kind : std::uint8_t {
        none,
        boolean,
        integer,      // of 64 bits, signed
        big_integer,  // any other
        float64,
        text,  // UTF-8
        bytes,
        byte_array,
        list,
        tuple,
        dict,
        set,
        frozen_set,
        instance,   // of a `PickleClass`
        exception,  // of Python's own
        callable,   // within the reader only: what a REDUCE may name
    };

    constexpr PickleValue() noexcept : integer_{0} {}

    static constexpr PickleValue none() noexcept { return {}; }
    static constexpr PickleValue boolean(bool truth) noexcept {
        return PickleValue{Kind::boolean, std::int64_t{truth}};
    }
    static constexpr PickleValue integer(std::int64_t number) noexcept {
        return PickleValue{Kind::integer, number};
    }
    /// in   little-endian two's complement, viewed
    /// out  an `integer` when 64 bits are enough; otherwise without bytes that say nothing
    static PickleValue integer(std::span<const std::byte> little_endian) noexcept;
    static constexpr PickleValue floating(double number) noexcept {
        PickleValue value{Kind::float64, std::int64_t{0}};
        value.floating_ = number;
        return value;
    }
    static constexpr PickleValue text(std::string_view characters) noexcept {
        PickleValue value{Kind::text, std::int64_t{0}};
        value.characters_ = characters.data();
        value.size_ = static_cast<std::uint32_t>(characters.size());
        return value;
    }
    static PickleValue bytes(std::span<const std::byte> octets) noexcept {
        return octets_of(Kind::bytes, octets);
    }
    static PickleValue byte_array(std::span<const std::byte> octets) noexcept {
        return octets_of(Kind::byte_array, octets);
    }

    // The items are copied; what they view is not. A dict takes its keys and values in turn.
    static PickleValue list(std::span<const PickleValue> items, Arena& arena) {
        return of(Kind::list, items, arena);
    }
    static PickleValue tuple(std::span<const PickleValue> items, Arena& arena) {
        return of(Kind::tuple, items, arena);
    }
    static PickleValue dict(std::span<const PickleValue> keys_and_values, Arena& arena) {
        return of(Kind::dict, keys_and_values, arena);
    }
    /// in   of: viewed; state: a dict from attribute to value, or none
    static PickleValue instance(const PickleClass& of, PickleValue state, Arena& arena);
    /// in   type: its name, such as "KeyError"; args: a tuple
    static PickleValue exception(std::string_view type, PickleValue args, Arena& arena);
    /// For the reader and builders: a value of these parts, which may still be filled.
    static constexpr PickleValue compound(Kind kind, PickleParts& parts) noexcept {
        PickleValue value{kind, std::int64_t{0}};
        value.parts_ = &parts;
        return value;
    }
    /// A value of a compound kind.
    static PickleValue of(Kind kind, std::span<const PickleValue> items, Arena& arena);
    /// in   number: an index of the reader's table
    static constexpr PickleValue callable(std::size_t number) noexcept {
        return PickleValue{Kind::callable, static_cast<std::int64_t>(number)};
    }

    constexpr Kind kind() const noexcept { return kind_; }
    constexpr bool is(Kind kind) const noexcept { return kind_ == kind; }
    constexpr bool is_compound() const noexcept {
        return kind_ >= Kind::list && kind_ <= Kind::exception;
    }

    // Each accessor requires the kinds of its name.
    constexpr bool as_boolean() const noexcept { return integer_ != 0; }
    constexpr std::int64_t as_integer() const noexcept { return integer_; }
    constexpr double as_float64() const noexcept { return floating_; }
    constexpr std::string_view as_text() const noexcept { return {characters_, size_}; }
    /// Of bytes and byte arrays; of a big integer in little-endian two's complement.
    constexpr std::span<const std::byte> as_bytes() const noexcept { return {octets_, size_}; }
    constexpr std::size_t as_callable() const noexcept {
        return static_cast<std::size_t>(integer_);
    }
    PickleParts& parts() const noexcept { return *parts_; }
    /// Of any compound kind: the items of a list, tuple or set; a dict's keys and values in turn;
    /// an instance's state; an exception's type, args and state.
    std::span<const PickleValue> items() const noexcept { return {parts_->items, parts_->size}; }

    /// A dict's value under a text key, or an instance's attribute; the last when there are more.
    /// out  nullptr when there is none, or when this is of another kind
    /// cost O(members)
    const PickleValue* find(std::string_view key) const noexcept;

    const PickleClass& instance_class() const noexcept { return *parts_->of_class; }
    /// Of an instance or an exception: a dict, or none.
    const PickleValue& state() const noexcept { return items().back(); }
    /// Of an exception: its type's name, such as "KeyError".
    std::string_view exception_type() const noexcept { return items()[0].as_text(); }
    std::span<const PickleValue> exception_args() const noexcept { return items()[1].items(); }

private:
    constexpr PickleValue(Kind kind, std::int64_t number) noexcept
        : integer_{number}, kind_{kind} {}
    static PickleValue octets_of(Kind kind, std::span<const std::byte> octets) noexcept {
        PickleValue value{kind, std::int64_t{0}};
        value.octets_ = octets.data();
        value.size_ = static_cast<std::uint32_t>(octets.size());
        return value;
    }

    union {
        std::int64_t integer_;
        double floating_;
        const char* characters_;
        const std::byte* octets_;
        PickleParts* parts_;
    };
    std::uint32_t size_ = 0;
    Kind kind_ = Kind::none;
};

/// A little-endian number in two's complement without the high bytes that only repeat its sign.
/// in   at least one byte
std::span<const std::byte> pickle_shortest(std::span<const std::byte> number) noexcept;

/// Python's name of a kind, such as "dict" or "bytearray".
std::string_view name_of(PickleValue::Kind kind) noexcept;

static_assert(sizeof(PickleValue) == 16 && std::is_trivially_copyable_v<PickleValue>);

}  // namespace warren::format
