#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include <concepts>
#include <cstddef>
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

    static Dynamic bytes(std::span<const std::byte> octets) {
        return Dynamic{Value::bytes(octets)};
    }
    static Dynamic list(std::initializer_list<Dynamic> items);
    static Dynamic map(std::initializer_list<std::pair<std::string_view, Dynamic>> members);

    Dynamic(const Dynamic& other) : Dynamic{other.root_} {}
    Dynamic(Dynamic&& other) noexcept
        : storage_{std::move(other.storage_)}, root_{std::exchange(other.root_, Value{})} {}
    Dynamic& operator=(Dynamic other) noexcept {
        std::swap(storage_, other.storage_);
        std::swap(root_, other.root_);
        return *this;
    }
    ~Dynamic() = default;

    /// The value itself; valid as long as this object is neither assigned to nor destroyed.
    const Value& value() const noexcept { return root_; }
    const Value* operator->() const noexcept { return &root_; }

    /// Member of a map by key; null when there is none.
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
};

}  // namespace warren
