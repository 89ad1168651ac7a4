#pragma once

#include <warren/dynamic.hpp>
#include <warren/types.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// Descriptions of C++ types as data: what a contract is made of. Binding, validation, rendering,
/// JSON Schema and mock data are each one interpreter over them (src/model), so a module carries
/// descriptions and no generated code.
namespace warren {

struct Model;
struct Type;

template <typename T>
const Type& type_of();

/// A named value of an enumeration.
struct Enumerator {
    std::string_view name;
    std::int64_t number;
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

    // map with text keys (size and clear as for lists)
    /// out  nullptr: as many keys as may have a hash like this one's (hash_collisions_max)
    void* (*insert)(void* map, std::string_view key) = nullptr;
    void (*each)(const void* map, void* context,
                 void (*visit)(void* context, std::string_view key, const void* value)) = nullptr;

    // union: which alternative it holds; make alternative `index`, default-constructed
    std::size_t (*alternative)(const void* choice) = nullptr;
    void* (*choose)(void* choice, std::size_t index) = nullptr;
};

/// One C++ type as contracts see it. Made once per type, by `type_of<T>()`, and never destroyed.
struct Type {
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
        map,          // std::map or std::unordered_map from std::string to element
        choice,       // std::variant<alternatives...>
        secret,       // Secret<element>; `access` is the content
        model,        // a struct with WARREN_MODEL
        uuid,
        timestamp,
        absolute_path,
        relative_path,
        dynamic,  // Dynamic
    };

    Kind kind;
    std::string_view name{};     // of enumerations, as given to WARREN_ENUM; else empty
    std::size_t size_bytes = 0;  // of an object of this type
    bool is_signed = false;
    const Type* element = nullptr;
    std::span<const Type* const> alternatives{};
    std::span<const Enumerator> enumerators{};
    std::function<const Model*()> model{};  // late, so that a model may nest itself in a list
    Operations operations{};
};

namespace detail {

template <typename T>
concept DescribedModel = requires { warren_model(static_cast<T*>(nullptr)); };

template <typename T>
concept DescribedEnum =
    std::is_enum_v<T> && requires { warren_enumerators(static_cast<T*>(nullptr)); };

template <typename T>
inline constexpr bool always_false = false;

template <typename T>
struct TypeMaker {
    static Type make() {
        if constexpr (std::is_void_v<T>) {
            return {.kind = Type::Kind::nothing};
        } else if constexpr (std::same_as<T, bool>) {
            return {.kind = Type::Kind::boolean};
        } else if constexpr (std::integral<T>) {
            return {.kind = Type::Kind::integer, .is_signed = std::signed_integral<T>};
        } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
            return {.kind = Type::Kind::floating};
        } else if constexpr (DescribedEnum<T>) {
            const auto& described = warren_enumerators(static_cast<T*>(nullptr));
            return {.kind = Type::Kind::enumeration,
                    .name = described.name,
                    .is_signed = std::signed_integral<std::underlying_type_t<T>>,
                    .enumerators = described.enumerators};
        } else if constexpr (DescribedModel<T>) {
            return {.kind = Type::Kind::model,
                    .model = [] { return &warren_model(static_cast<T*>(nullptr)); }};
        } else {
            static_assert(always_false<T>,
                          "Warren cannot describe this type. Give a struct WARREN_MODEL and an "
                          "enum WARREN_ENUM; for the rest see docs/guide/models.md.");
        }
    }
};

template <>
struct TypeMaker<std::string> {
    static Type make() { return {.kind = Type::Kind::text}; }
};
template <>
struct TypeMaker<Bytes> {
    static Type make() { return {.kind = Type::Kind::bytes}; }
};
template <>
struct TypeMaker<Uuid> {
    static Type make() { return {.kind = Type::Kind::uuid}; }
};
template <>
struct TypeMaker<Timestamp> {
    static Type make() { return {.kind = Type::Kind::timestamp}; }
};
template <>
struct TypeMaker<AbsolutePath> {
    static Type make() { return {.kind = Type::Kind::absolute_path}; }
};
template <>
struct TypeMaker<RelativePath> {
    static Type make() { return {.kind = Type::Kind::relative_path}; }
};
template <>
struct TypeMaker<Dynamic> {
    static Type make() { return {.kind = Type::Kind::dynamic}; }
};

template <typename T>
struct TypeMaker<Secret<T>> {
    static Type make() {
        Type type{.kind = Type::Kind::secret, .element = &type_of<T>()};
        type.operations.peek = [](const void* secret) -> const void* {
            return &static_cast<const Secret<T>*>(secret)->reveal();
        };
        type.operations.emplace = [](void* secret) -> void* {
            return &static_cast<Secret<T>*>(secret)->reveal();
        };
        return type;
    }
};

template <typename T>
struct TypeMaker<std::optional<T>> {
    static Type make() {
        using Optional = std::optional<T>;
        Type type{.kind = Type::Kind::optional, .element = &type_of<T>()};
        type.operations.peek = [](const void* optional) -> const void* {
            const auto& content = *static_cast<const Optional*>(optional);
            return content ? &*content : nullptr;
        };
        type.operations.emplace = [](void* optional) -> void* {
            return &static_cast<Optional*>(optional)->emplace();
        };
        type.operations.reset = [](void* optional) { static_cast<Optional*>(optional)->reset(); };
        return type;
    }
};

template <typename T>
struct TypeMaker<std::vector<T>> {
    static Type make() {
        using List = std::vector<T>;
        Type type{.kind = Type::Kind::list, .element = &type_of<T>()};
        type.operations.size = [](const void* list) {
            return static_cast<const List*>(list)->size();
        };
        type.operations.clear = [](void* list) { static_cast<List*>(list)->clear(); };
        type.operations.reserve = [](void* list, std::size_t count) {
            static_cast<List*>(list)->reserve(count);
        };
        if constexpr (std::same_as<T, bool>) {
            type.operations.at = [](const void* list, std::size_t index) -> const void* {
                static constexpr bool truths[] = {false, true};
                return &truths[(*static_cast<const List*>(list))[index] ? 1 : 0];
            };
            type.operations.append_boolean = [](void* list, bool truth) {
                static_cast<List*>(list)->push_back(truth);
            };
        } else {
            type.operations.at = [](const void* list, std::size_t index) -> const void* {
                return &(*static_cast<const List*>(list))[index];
            };
            type.operations.append = [](void* list) -> void* {
                return &static_cast<List*>(list)->emplace_back();
            };
        }
        return type;
    }
};

/// A hash table's keys that fall onto one place: of a million that nobody chose for it never so
/// many. Who chooses them may make each next one slower than the one before.
inline constexpr std::size_t hash_collisions_max = 20;

template <typename Map>
struct MapMaker {
    static Type make() {
        Type type{.kind = Type::Kind::map, .element = &type_of<typename Map::mapped_type>()};
        type.operations.size = [](const void* map) { return static_cast<const Map*>(map)->size(); };
        type.operations.clear = [](void* map) { static_cast<Map*>(map)->clear(); };
        type.operations.insert = [](void* map, std::string_view key) -> void* {
            Map& target = *static_cast<Map*>(map);
            std::string text{key};
            if constexpr (requires { target.bucket_count(); }) {
                if (target.size() >= hash_collisions_max &&
                    target.bucket_size(target.bucket(text)) >= hash_collisions_max) {
                    return nullptr;
                }
            }
            return &target[std::move(text)];
        };
        type.operations.each = [](const void* map, void* context, auto* visit) {
            for (const auto& [key, value] : *static_cast<const Map*>(map)) {
                visit(context, key, &value);
            }
        };
        return type;
    }
};

template <typename T>
struct TypeMaker<std::map<std::string, T>> : MapMaker<std::map<std::string, T>> {};
template <typename T>
struct TypeMaker<std::unordered_map<std::string, T>>
    : MapMaker<std::unordered_map<std::string, T>> {};

template <typename... Alternatives>
struct TypeMaker<std::variant<Alternatives...>> {
    static Type make() {
        using Choice = std::variant<Alternatives...>;
        static const Type* const alternatives[] = {&type_of<Alternatives>()...};
        Type type{.kind = Type::Kind::choice, .alternatives = alternatives};
        type.operations.alternative = [](const void* choice) {
            return static_cast<const Choice*>(choice)->index();
        };
        type.operations.peek = [](const void* choice) -> const void* {
            return std::visit([](const auto& held) -> const void* { return &held; },
                              *static_cast<const Choice*>(choice));
        };
        type.operations.choose = [](void* choice, std::size_t index) -> void* {
            using Emplace = void* (*)(Choice&);
            static constexpr auto emplacers =
                []<std::size_t... Index>(std::index_sequence<Index...>) {
                    return std::array<Emplace, sizeof...(Index)>{[](Choice& target) -> void* {
                        return &target.template emplace<Index>();
                    }...};
                }(std::index_sequence_for<Alternatives...>{});
            return emplacers[index](*static_cast<Choice*>(choice));
        };
        return type;
    }
};

template <typename T>
Type describe() {
    Type type = TypeMaker<T>::make();
    if constexpr (!std::is_void_v<T>) {
        type.size_bytes = sizeof(T);
    }
    return type;
}

}  // namespace detail

/// The description of T.
/// cost a static reference after the first call          thread any
template <typename T>
const Type& type_of() {
    static const Type& type = *new Type{detail::describe<T>()};
    return type;
}

}  // namespace warren
