#pragma once

#include <warren/version.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace warren {

struct Member;

/// One dynamic value: what every wire format decodes to and every model is bound from.
/// It is a 16-byte view. Text, bytes, list items and map members live elsewhere: in an `Arena`, in
/// the receive buffer or in a `Dynamic`, and must outlive the value. Integers are stored as `int64`
/// whenever they fit, so equal numbers have one representation.
/// thread any (immutable once built)
class Value {
public:
    /// What a value is.
    enum class Kind : std::uint8_t {
        null,
        boolean,
        int64,
        uint64,  // only numbers above INT64_MAX
        float64,
        text,  // UTF-8, checked by the decoder
        bytes,
        list,
        map,
    };

    static constexpr std::size_t size_max = std::numeric_limits<std::uint32_t>::max();

    constexpr Value() noexcept : integer_{0} {}

    /// Null, as a value that nothing was said of is, too.
    static constexpr Value null() noexcept { return {}; }
    /// True or false.
    static constexpr Value boolean(bool truth) noexcept {
        Value value{Kind::boolean, 0};
        value.unsigned_ = truth ? 1 : 0;
        return value;
    }
    /// A number with a sign.
    static constexpr Value integer(std::int64_t number) noexcept {
        Value value{Kind::int64, 0};
        value.integer_ = number;
        return value;
    }
    /// A number without a sign: `int64` when it fits.
    static constexpr Value unsigned_integer(std::uint64_t number) noexcept {
        if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return integer(static_cast<std::int64_t>(number));
        }
        Value value{Kind::uint64, 0};
        value.unsigned_ = number;
        return value;
    }
    /// A number with a fraction, also NaN and the infinities.
    static constexpr Value floating(double number) noexcept {
        Value value{Kind::float64, 0};
        value.floating_ = number;
        return value;
    }
    /// in  at most `size_max` bytes of UTF-8, viewed
    static constexpr Value text(std::string_view characters) noexcept {
        Value value{Kind::text, characters.size()};
        value.characters_ = characters.data();
        return value;
    }
    /// in  at most `size_max` bytes, viewed
    static constexpr Value bytes(std::span<const std::byte> octets) noexcept {
        Value value{Kind::bytes, octets.size()};
        value.octets_ = octets.data();
        return value;
    }
    /// in  at most `size_max` items, viewed
    static constexpr Value list(std::span<const Value> items) noexcept {
        Value value{Kind::list, items.size()};
        value.items_ = items.data();
        return value;
    }
    /// in  at most `size_max` members in wire order, viewed; decoders refuse duplicate keys
    static constexpr Value map(std::span<const Member> members) noexcept;

    /// What it is.
    constexpr Kind kind() const noexcept { return kind_; }
    /// Whether it is null.
    constexpr bool is_null() const noexcept { return kind_ == Kind::null; }
    /// Whether it is text.
    constexpr bool is_text() const noexcept { return kind_ == Kind::text; }
    /// Whether it is a map.
    constexpr bool is_map() const noexcept { return kind_ == Kind::map; }
    /// Whether it is a list.
    constexpr bool is_list() const noexcept { return kind_ == Kind::list; }
    /// Whether it is a whole number of either kind.
    constexpr bool is_integer() const noexcept {
        return kind_ == Kind::int64 || kind_ == Kind::uint64;
    }

    // Each accessor requires the kind of its name.
    /// Of `Kind::boolean` alone.
    constexpr bool as_boolean() const noexcept { return unsigned_ != 0; }
    /// Of `Kind::int64` alone.
    constexpr std::int64_t as_int64() const noexcept { return integer_; }
    /// Of `Kind::uint64` alone.
    constexpr std::uint64_t as_uint64() const noexcept { return unsigned_; }
    /// Of `Kind::float64` alone.
    constexpr double as_float64() const noexcept { return floating_; }
    /// Of `Kind::text` alone.
    constexpr std::string_view as_text() const noexcept { return {characters_, size_}; }
    /// Of `Kind::bytes` alone.
    constexpr std::span<const std::byte> as_bytes() const noexcept { return {octets_, size_}; }
    /// Of `Kind::list` alone.
    constexpr std::span<const Value> as_list() const noexcept { return {items_, size_}; }
    /// Of `Kind::map` alone.
    constexpr std::span<const Member> as_map() const noexcept;

    /// The value under a text key of a map.
    /// out  nullptr when there is none, or when this is not a map
    /// cost O(members)
    constexpr const Value* find(std::string_view key) const noexcept;

    friend bool operator==(const Value& left, const Value& right) noexcept;

private:
    constexpr Value(Kind kind, std::size_t size) noexcept
        : integer_{0}, size_{static_cast<std::uint32_t>(size)}, kind_{kind} {}

    union {
        std::int64_t integer_;
        std::uint64_t unsigned_;
        double floating_;
        const char* characters_;
        const std::byte* octets_;
        const Value* items_;
        const Member* members_;
    };
    std::uint32_t size_ = 0;
    Kind kind_ = Kind::null;
};

/// One entry of a map. Keys are text in JSON and in every contract; other formats allow any value.
struct Member {
    Value key;
    Value value;
};

constexpr Value Value::map(std::span<const Member> members) noexcept {
    Value value{Kind::map, members.size()};
    value.members_ = members.data();
    return value;
}

constexpr std::span<const Member> Value::as_map() const noexcept {
    return {members_, size_};
}

constexpr const Value* Value::find(std::string_view key) const noexcept {
    if (kind_ != Kind::map) {
        return nullptr;
    }
    for (const Member& member : as_map()) {
        if (member.key.is_text() && member.key.as_text() == key) {
            return &member.value;
        }
    }
    return nullptr;
}

/// Deep equality; maps compare regardless of order, floats by value with NaN equal to NaN.
/// cost O(size), O(members squared) for maps in another order
bool operator==(const Value& left, const Value& right) noexcept;

/// The name of a kind as messages to people use it, such as "text" or "integer".
std::string_view name_of(Value::Kind kind) noexcept;

static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

}  // namespace warren
