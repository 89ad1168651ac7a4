#pragma once

#include <warren/type.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Knows which C++ types can be described, and how their parts are reached. Must not know who reads
/// the descriptions, or what for.
namespace warren::detail {

template <typename T>
concept DescribedModel = requires { warren_model(static_cast<T*>(nullptr)); };

/// What WARREN_ENUM knows of an enumeration.
template <std::size_t count>
struct DescribedEnumerators {
    std::string_view name;
    std::string_view description;
    std::array<Enumerator, count> enumerators;
};

template <std::size_t count>
constexpr bool are_distinct(const std::array<Enumerator, count>& enumerators) {
    for (std::size_t one = 0; one < count; ++one) {
        for (std::size_t other = 0; other < one; ++other) {
            if (enumerators[one].number == enumerators[other].number) {
                return false;
            }
        }
    }
    return true;
}

template <typename T>
concept DescribedEnum =
    std::is_enum_v<T> && requires { warren_enumerators(static_cast<T*>(nullptr)); };

template <DescribedEnum T>
inline constexpr auto described_enum = warren_enumerators(static_cast<T*>(nullptr));

/// A map from text, such as std::map and std::unordered_map.
template <typename T>
concept TextMap =
    std::same_as<typename T::key_type, std::string> && requires { typename T::mapped_type; };

/// A set, such as std::set and std::unordered_set.
template <typename T>
concept ItemSet = std::same_as<typename T::key_type, typename T::value_type> &&
                  requires(T& set, typename T::key_type item) {
                      { set.insert(item).second } -> std::same_as<bool&&>;
                  };

template <typename T>
inline constexpr bool always_false = false;

/// A hash table's keys that fall onto one place: of a million that nobody chose for it never so
/// many. Who chooses them may make each next one slower than the one before.
inline constexpr std::size_t hash_collisions_max = 20;

template <typename Table>
bool is_crowded(const Table& table, const typename Table::key_type& key) {
    if constexpr (requires { table.bucket_count(); }) {
        return table.size() >= hash_collisions_max &&
               table.bucket_size(table.bucket(key)) >= hash_collisions_max;
    }
    return false;
}

// Named functions, where lambdas would cost whoever includes this three times as much to compile.

template <typename Container>
struct ContainerParts {
    static std::size_t size(const void* held) {
        return static_cast<const Container*>(held)->size();
    }
    static void clear(void* held) { static_cast<Container*>(held)->clear(); }
};

template <typename Map>
struct MapParts : ContainerParts<Map> {
    static void* insert(void* map, std::string_view key) {
        Map& target = *static_cast<Map*>(map);
        std::string text{key};
        return is_crowded(target, text) ? nullptr : &target[std::move(text)];
    }
    static void each(const void* map, void* context,
                     void (*visit)(void* context, std::string_view key, const void* value)) {
        for (const auto& [key, value] : *static_cast<const Map*>(map)) {
            visit(context, key, &value);
        }
    }

    static constexpr Type make() {
        return {
            .kind = Type::Kind::map,
            .element = &type_of<typename Map::mapped_type>(),
            .operations = {
                .size = MapParts::size, .clear = MapParts::clear, .insert = insert, .each = each}};
    }
};

template <typename Set>
struct SetParts : ContainerParts<Set> {
    static Inserted insert_item(void* set, void* context, bool (*fill)(void* context, void* item)) {
        Set& target = *static_cast<Set*>(set);
        typename Set::key_type item{};
        if (!fill(context, &item)) {
            return Inserted::not_filled;
        }
        if (is_crowded(target, item)) {
            return Inserted::crowded;
        }
        return target.insert(std::move(item)).second ? Inserted::done : Inserted::duplicate;
    }
    static void each_item(const void* set, void* context,
                          void (*visit)(void* context, const void* item)) {
        for (const auto& item : *static_cast<const Set*>(set)) {
            visit(context, &item);
        }
    }

    static constexpr Type make() {
        return {.kind = Type::Kind::set,
                .element = &type_of<typename Set::key_type>(),
                .operations = {.size = SetParts::size,
                               .clear = SetParts::clear,
                               .insert_item = insert_item,
                               .each_item = each_item}};
    }
};

template <typename T>
struct TypeMaker {
    static const Model& model() { return warren_model(static_cast<T*>(nullptr)); }

    static constexpr Type make() {
        if constexpr (std::is_void_v<T>) {
            return {.kind = Type::Kind::nothing};
        } else if constexpr (std::same_as<T, bool>) {
            return {.kind = Type::Kind::boolean};
        } else if constexpr (std::integral<T>) {
            return {.kind = Type::Kind::integer, .is_signed = std::signed_integral<T>};
        } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
            return {.kind = Type::Kind::floating};
        } else if constexpr (DescribedEnum<T>) {
            return {.kind = Type::Kind::enumeration,
                    .name = described_enum<T>.name,
                    .description = described_enum<T>.description,
                    .is_signed = std::signed_integral<std::underlying_type_t<T>>,
                    .enumerators = described_enum<T>.enumerators};
        } else if constexpr (DescribedModel<T>) {
            return {.kind = Type::Kind::model, .model = LateModel{&model}};
        } else if constexpr (TextMap<T>) {
            return MapParts<T>::make();
        } else if constexpr (ItemSet<T>) {
            return SetParts<T>::make();
        } else {
            static_assert(always_false<T>,
                          "Warren cannot describe this type. Give a struct WARREN_MODEL and an "
                          "enum WARREN_ENUM; for the rest see docs/guide/models.md.");
        }
    }
};

template <Type::Kind of_kind>
struct PlainMaker {
    static constexpr Type make() { return {.kind = of_kind}; }
};
template <>
struct TypeMaker<std::string> : PlainMaker<Type::Kind::text> {};
template <>
struct TypeMaker<Bytes> : PlainMaker<Type::Kind::bytes> {};
template <>
struct TypeMaker<Uuid> : PlainMaker<Type::Kind::uuid> {};
template <>
struct TypeMaker<Timestamp> : PlainMaker<Type::Kind::timestamp> {};
template <>
struct TypeMaker<AbsolutePath> : PlainMaker<Type::Kind::absolute_path> {};
template <>
struct TypeMaker<RelativePath> : PlainMaker<Type::Kind::relative_path> {};
template <>
struct TypeMaker<Dynamic> : PlainMaker<Type::Kind::dynamic> {};

template <typename Count, typename Unit>
struct TypeMaker<std::chrono::duration<Count, Unit>> {
    static_assert(std::signed_integral<Count> && Unit::num <= 1'000'000'000 &&
                      1'000'000'000 % Unit::den == 0,
                  "a duration counts whole units, of a nanosecond or more");
    static constexpr Type make() {
        return {.kind = Type::Kind::duration, .is_signed = true, .period = {Unit::num, Unit::den}};
    }
};

template <typename T>
struct TypeMaker<Secret<T>> {
    static const void* peek(const void* secret) {
        return &static_cast<const Secret<T>*>(secret)->reveal();
    }
    static void* emplace(void* secret) { return &static_cast<Secret<T>*>(secret)->reveal(); }

    static constexpr Type make() {
        return {.kind = Type::Kind::secret,
                .element = &type_of<T>(),
                .operations = {.peek = peek, .emplace = emplace}};
    }
};

template <typename T>
struct TypeMaker<std::optional<T>> {
    using Optional = std::optional<T>;
    static const void* peek(const void* optional) {
        const auto& content = *static_cast<const Optional*>(optional);
        return content ? &*content : nullptr;
    }
    static void* emplace(void* optional) { return &static_cast<Optional*>(optional)->emplace(); }
    static void reset(void* optional) { static_cast<Optional*>(optional)->reset(); }

    static constexpr Type make() {
        return {.kind = Type::Kind::optional,
                .element = &type_of<T>(),
                .operations = {.peek = peek, .emplace = emplace, .reset = reset}};
    }
};

template <typename T>
struct TypeMaker<std::vector<T>> : ContainerParts<std::vector<T>> {
    using List = std::vector<T>;
    static void reserve(void* list, std::size_t count) { static_cast<List*>(list)->reserve(count); }
    static const void* at(const void* list, std::size_t index) {
        if constexpr (std::same_as<T, bool>) {
            static constexpr bool truths[] = {false, true};
            return &truths[(*static_cast<const List*>(list))[index] ? 1 : 0];
        } else {
            return &(*static_cast<const List*>(list))[index];
        }
    }
    static void* append(void* list) { return &static_cast<List*>(list)->emplace_back(); }
    static void append_boolean(void* list, bool truth) {
        static_cast<List*>(list)->push_back(truth);
    }

    static constexpr Type make() {
        Type type{
            .kind = Type::Kind::list,
            .element = &type_of<T>(),
            .operations = {
                .size = TypeMaker::size, .at = at, .clear = TypeMaker::clear, .reserve = reserve}};
        if constexpr (std::same_as<T, bool>) {
            type.operations.append_boolean = append_boolean;
        } else {
            type.operations.append = append;
        }
        return type;
    }
};

template <typename T, std::size_t count>
struct TypeMaker<std::array<T, count>> {
    static constexpr Type make() {
        return {.kind = Type::Kind::array, .element = &type_of<T>(), .length = count};
    }
};

template <typename... Alternatives>
struct TypeMaker<std::variant<Alternatives...>> {
    using Choice = std::variant<Alternatives...>;
    static constexpr const Type* alternatives[] = {&type_of<Alternatives>()...};

    static std::size_t alternative(const void* choice) {
        return static_cast<const Choice*>(choice)->index();
    }
    static const void* peek(const void* choice) {
        return std::visit([](const auto& held) -> const void* { return &held; },
                          *static_cast<const Choice*>(choice));
    }
    template <std::size_t index>
    static void* choose_one(void* choice) {
        return &static_cast<Choice*>(choice)->template emplace<index>();
    }
    static void* choose(void* choice, std::size_t index) {
        return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            static constexpr void* (*chosen[])(void*) = {choose_one<Index>...};
            return chosen[index](choice);
        }(std::index_sequence_for<Alternatives...>{});
    }

    static constexpr Type make() {
        return {.kind = Type::Kind::choice,
                .alternatives = alternatives,
                .operations = {.peek = peek, .alternative = alternative, .choose = choose}};
    }
};

template <typename T>
constexpr Type describe() {
    Type type = TypeMaker<T>::make();
    if constexpr (!std::is_void_v<T>) {
        type.size_bytes = sizeof(T);
    }
    return type;
}

template <typename T>
inline constexpr Type described_type = describe<T>();

}  // namespace warren::detail

template <typename T>
constexpr const warren::Type& warren::type_of() {
    return detail::described_type<T>;
}
