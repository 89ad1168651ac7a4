#pragma once

#include <warren/dynamic.hpp>
#include <warren/types.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Descriptions of C++ types as data: what a contract is made of. Binding, validation, rendering,
/// JSON Schema and mock data are each one interpreter over them (src/model), so a module carries
/// descriptions and no generated code.
namespace warren {

struct Model;
struct Type;

/// The description of T.
/// cost none          thread any
template <typename T>
constexpr const Type& type_of();

/// A named value of an enumeration.
struct Enumerator {
    std::string_view name;
    std::int64_t number;
    std::string_view description{};  // for people
};

/// What became of an item on its way into a set.
enum class Inserted : std::uint8_t {
    done,
    not_filled,
    duplicate,
    crowded,  // as many as may have a hash like its (hash_collisions_max)
};

/// How to reach the parts of a value whose C++ type was erased. Only those of its kind are set.
struct Operations {
    // optional: the content or nullptr; make a default content; forget it
    const void* (*peek)(const void* optional) = nullptr;
    void* (*emplace)(void* optional) = nullptr;
    void (*reset)(void* optional) = nullptr;

    // list
    std::size_t (*size)(const void* container) = nullptr;
    const void* (*at)(const void* list, std::size_t index) = nullptr;
    void (*clear)(void* container) = nullptr;
    void (*reserve)(void* list, std::size_t count) = nullptr;
    void* (*append)(void* list) = nullptr;
    void (*append_boolean)(void* list, bool truth) = nullptr;  // std::vector<bool>, not `append`

    // set (size and clear as for lists): make an item, have it filled, and put it in
    Inserted (*insert_item)(void* set, void* context,
                            bool (*fill)(void* context, void* item)) = nullptr;
    void (*each_item)(const void* set, void* context,
                      void (*visit)(void* context, const void* item)) = nullptr;

    // map with text keys (size and clear as for lists)
    /// out  nullptr: as many keys as may have a hash like this one's (hash_collisions_max)
    void* (*insert)(void* map, std::string_view key) = nullptr;
    void (*each)(const void* map, void* context,
                 void (*visit)(void* context, std::string_view key, const void* value)) = nullptr;

    // union: which alternative it holds; make alternative `index`, default-constructed
    std::size_t (*alternative)(const void* choice) = nullptr;
    void* (*choose)(void* choice, std::size_t index) = nullptr;
};

/// The description of a struct, made late, so that a struct may nest itself in a list.
class LateModel {
public:
    constexpr LateModel() noexcept = default;
    constexpr explicit LateModel(const Model& (*make)()) noexcept : make_{make} {}
    constexpr explicit LateModel(const Model& made) noexcept : made_{&made} {}

    explicit operator bool() const noexcept { return made_ != nullptr || make_ != nullptr; }
    const Model* operator()() const { return made_ != nullptr ? made_ : &make_(); }

private:
    const Model* made_ = nullptr;
    const Model& (*make_)() = nullptr;
};

/// The unit of a duration, in seconds.
struct Period {
    std::int64_t numerator = 1;
    std::int64_t denominator = 1;  // divides 1,000,000,000
};

/// One C++ type as contracts see it: constant, one per type.
struct Type {
    /// What is described; which members go with it.
    enum class Kind : std::uint8_t {
        nothing,      // void: bound from and rendered as null
        boolean,      // bool
        integer,      // size_bytes, is_signed
        floating,     // float or double: size_bytes
        text,         // std::string
        bytes,        // Bytes
        enumeration,  // enumerators; size_bytes of the underlying integer
        optional,     // std::optional<element>
        list,         // std::vector<element>
        set,          // std::set or std::unordered_set of element
        array,        // std::array<element, length>
        map,          // std::map or std::unordered_map from std::string to element
        choice,       // std::variant<alternatives...>
        secret,       // Secret<element>; `access` is the content
        model,        // a struct with WARREN_MODEL
        uuid,
        timestamp,
        duration,  // std::chrono::duration: size_bytes and is_signed of its integer, period
        absolute_path,
        relative_path,
        dynamic,  // Dynamic
    };

    Kind kind;
    std::string_view name{};         // of enumerations, as given to WARREN_ENUM; else empty
    std::string_view description{};  // of enumerations, for people
    std::size_t size_bytes = 0;      // of an object of this type
    bool is_signed = false;
    const Type* element = nullptr;
    std::size_t length = 0;
    Period period{};
    std::span<const Type* const> alternatives{};
    std::span<const Enumerator> enumerators{};
    LateModel model{};
    Operations operations{};
};

namespace detail {
Dynamic render_checked(const Type& type, const void* object);
void bind_checked(const Type& type, const Value& value, void* target);
}  // namespace detail

template <typename T>
Dynamic Dynamic::of(const T& object) {
    return detail::render_checked(type_of<T>(), &object);
}

template <typename T>
T Dynamic::as() const {
    T object{};
    detail::bind_checked(type_of<T>(), root_, &object);
    return object;
}

}  // namespace warren

#include <warren/detail/type_maker.hpp>  // defines `type_of`
