#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace warren {

/// A `Value` that owns all it refers to: a field or parameter that takes anything, the data of a
/// failure, the reply of an untyped call. A regular type: copied deeply, compared by value.
///
///     Dynamic person = Dynamic::map({{"name", "Ada"}, {"born", 1815}});
class Dynamic {
public:
    Dynamic() noexcept = default;
    Dynamic(std::nullptr_t) noexcept {}
    explicit Dynamic(const Value& value);

    template <std::same_as<bool> Boolean>
    Dynamic(Boolean truth) noexcept : root_{Value::boolean(truth)} {}
    template <std::signed_integral Integer>
    Dynamic(Integer number) noexcept : root_{Value::integer(number)} {}
    template <std::unsigned_integral Integer>
        requires(!std::same_as<Integer, bool>)
    Dynamic(Integer number) noexcept : root_{Value::unsigned_integer(number)} {}
    template <std::floating_point Float>
    Dynamic(Float number) noexcept : root_{Value::floating(number)} {}
    Dynamic(const char* characters) : Dynamic{Value::text(characters)} {}
    Dynamic(std::string_view characters) : Dynamic{Value::text(characters)} {}
    Dynamic(const std::string& characters) : Dynamic{Value::text(characters)} {}

    /// Bytes, which are copied.
    static Dynamic bytes(std::span<const std::byte> octets) {
        return Dynamic{Value::bytes(octets)};
    }
    /// A list of these, such as list({1, "two", nullptr}).
    static Dynamic list(std::initializer_list<Dynamic> items);
    /// A map of these, such as map({{"a", 1}}).
    static Dynamic map(std::initializer_list<std::pair<std::string_view, Dynamic>> members);

    Dynamic(const Dynamic& other) : Dynamic{other.root_} {}
    Dynamic(Dynamic&& other) noexcept
        : storage_{std::move(other.storage_)},
          root_{std::exchange(other.root_, Value{})},
          capacity_{std::exchange(other.capacity_, 0)} {}
    Dynamic& operator=(Dynamic other) noexcept {
        std::swap(storage_, other.storage_);
        std::swap(root_, other.root_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Dynamic();

    /// in   one document, strictly                                                [RFC 8259]
    /// err  throws Error (invalid_request) saying what is wrong, and at which byte
    static Dynamic from_json(std::string_view text);
    /// Compact JSON; bytes as base64 text.
    /// err  throws Error (invalid_request) with the place of what JSON has no form for, as NaN
    std::string to_json() const;

    /// A model, or any other type that a field may have, as it would go on the wire. Secrets are in
    /// clear.
    /// err  throws Error (invalid_request) with every error, when it does not keep to its contract
    template <typename T>
    static Dynamic of(const T& object);
    /// The reverse.
    /// err  as of a request: throws Error (invalid_request) with every error
    template <typename T>
    T as() const;

    /// Append to a list; null becomes one.
    /// err  throws Error (internal) when this is something else; of the list's length
    ///      (`Value::size_max`)
    /// cost O(item), amortized
    void push_back(const Dynamic& item);
    /// Give a member of a map its value, the last where it is new; null becomes a map.
    /// err  throws Error (internal) when this is something else
    /// cost O(members + item), amortized
    void insert_or_assign(std::string_view key, const Dynamic& item);

    /// The value itself; valid as long as this object is neither assigned to nor destroyed.
    const Value& value() const noexcept { return root_; }
    const Value* operator->() const noexcept { return &root_; }

    /// Member of a map by key; null when there is none, which makes none.
    Value operator[](std::string_view key) const noexcept {
        const Value* found = root_.find(key);
        return found != nullptr ? *found : Value{};
    }

    friend bool operator==(const Dynamic& left, const Dynamic& right) noexcept {
        return left.root_ == right.root_;
    }

private:
    std::unique_ptr<Arena> storage_;  // none for null, booleans and numbers
    Value root_;
    std::uint32_t capacity_ = 0;  // items or members that the root has room for; 0: as it has
};

}  // namespace warren
