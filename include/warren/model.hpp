#pragma once

#include <warren/constraints.hpp>
#include <warren/detail/constrainable.hpp>
#include <warren/detail/for_each.hpp>
#include <warren/type.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Contracts: a struct whose fields are described, in the struct's namespace and beside it.
///
///     struct Request {
///         FavouriteFood favourite_food;
///         int chance_percentage = 20;   // a default makes the field optional
///     };
///     WARREN_MODEL(Request,
///         (favourite_food, describe("Human-readable favourite food.")),
///         (chance_percentage, describe("Chances of favourite food passing."), greater_than(0)))
namespace warren {

/// One member of a model.
struct Field {
    std::string name;
    const Type* type = nullptr;
    void* (*access)(void* object) = nullptr;
    bool required = true;
    std::string description;
    std::vector<Dynamic> examples;
    Constraints constraints;

    const void* access_const(const void* object) const {
        return access(const_cast<void*>(object));  // NOLINT: only the address is taken
    }
};

enum class ExtraFields : std::uint8_t { ignore, forbid };

/// Whether a model is a struct or the parameters of a plain function. Parameters may also come by
/// position, and one bare value stands for a single parameter.
enum class ModelShape : std::uint8_t { structure, parameters };

/// A struct as data. Made once per struct and never destroyed.
struct Model {
    std::string name;
    std::string description;
    std::vector<Field> fields;
    ExtraFields extra_fields = ExtraFields::ignore;
    ModelShape shape = ModelShape::structure;
    std::shared_ptr<void> defaults;          // an object as it is before anything is bound
    std::vector<Constraints::Check> checks;  // over the whole object, run when all fields are fine

    const Field* find(std::string_view field_name) const noexcept;
};

namespace detail {

/// Tells which members a default-initialized object leaves as they were: two objects are made in
/// memory filled with two patterns, and a scalar that shows both has no initializer. Out of line,
/// so that no optimizer can see through it.
class DefaultProbe {
public:
    DefaultProbe(std::size_t size_bytes, std::size_t alignment, void (*construct)(void* memory),
                 void (*destroy)(void* memory));
    ~DefaultProbe();
    DefaultProbe(const DefaultProbe&) = delete;
    DefaultProbe& operator=(const DefaultProbe&) = delete;

    /// in   where the member is inside the object; its size in bytes
    /// out  true when its bytes were left untouched by both constructions
    bool untouched(void* (*access)(void* object), std::size_t size_bytes) const;

    void* object() const noexcept { return first_; }

private:
    void (*destroy_)(void* memory);
    std::size_t alignment_;
    void* first_;
    void* second_;
};

template <typename Content>
inline constexpr bool is_optional = false;
template <typename Content>
inline constexpr bool is_optional<std::optional<Content>> = true;
template <typename Content>
inline constexpr bool is_variant = false;
template <typename... Alternatives>
inline constexpr bool is_variant<std::variant<Alternatives...>> = true;

/// Whether a class-type member has an initializer that shows. False for a nested model without
/// `==` and for a variant: there only `defaulted()` can tell.
template <typename Content>
bool differs_from_empty(const Content& content) {
    if constexpr (requires { content.empty(); }) {
        return !content.empty();
    } else if constexpr (!is_variant<Content> && std::equality_comparable<Content>) {
        return !(content == Content{});
    } else {
        return false;
    }
}

template <auto Member, typename T>
void* access_member(void* object) {
    return const_cast<void*>(  // NOLINT: a const member is described, never bound
        static_cast<const void*>(&(static_cast<T*>(object)->*Member)));
}

}  // namespace detail

/// Collects the fields of T; used by WARREN_MODEL.
template <typename T>
class ModelBuilder {
    static_assert(std::is_default_constructible_v<T> && std::is_copy_constructible_v<T>,
                  "a model is made empty, then bound: give it a default and a copy constructor");

public:
    explicit ModelBuilder(std::string_view name) {
        model_.name = name;
        model_.defaults = std::make_shared<T>();
    }

    template <auto Member, typename... Attributes>
    void field(std::string_view name, Attributes&&... given) {
        using Content = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;
        Field field;
        field.name = name;
        field.type = &type_of<Content>();
        field.access = &detail::access_member<Member, T>;
        field.required = !has_default<Member, Content>();
        (apply<Content>(field, std::forward<Attributes>(given)), ...);
        model_.fields.push_back(std::move(field));
    }

    template <typename... Attributes>
    void attributes(Attributes&&... given) {
        (apply_to_model(std::forward<Attributes>(given)), ...);
    }

    Model take() { return std::move(model_); }

private:
    template <auto Member, typename Content>
    bool has_default() const {
        if constexpr (detail::is_optional<Content>) {
            return true;
        } else if constexpr (std::is_scalar_v<Content>) {
            return !probe_.untouched(&detail::access_member<Member, T>, sizeof(Content));
        } else {
            return detail::differs_from_empty(static_cast<const T*>(probe_.object())->*Member);
        }
    }

    template <typename Content>
    static consteval void demand_number() {
        static_assert(detail::can_demand<detail::TakesBounds, Content>,
                      "greater_than, at_least, less_than and at_most are for numbers, and this "
                      "field (Member of ModelBuilder::field) is none");
    }
    template <typename Content>
    static consteval void demand_length() {
        static_assert(detail::can_demand<detail::TakesLength, Content>,
                      "min_length and max_length are for text, bytes, paths, lists and maps, and "
                      "this field (Member of ModelBuilder::field) is none");
    }
    template <typename Content>
    static consteval void demand_text() {
        static_assert(detail::can_demand<detail::TakesPattern, Content>,
                      "pattern is for text and paths, and this field (Member of "
                      "ModelBuilder::field) is neither");
    }

    template <typename Content>
    static void apply(Field& field, attributes::Describe attribute) {
        field.description = std::move(attribute.text);
    }
    template <typename Content>
    static void apply(Field& field, attributes::Example attribute) {
        field.examples.push_back(std::move(attribute.value));
    }
    template <typename Content>
    static void apply(Field& field, attributes::GreaterThan attribute) {
        demand_number<Content>();
        field.constraints.greater_than = attribute.bound;
    }
    template <typename Content>
    static void apply(Field& field, attributes::AtLeast attribute) {
        demand_number<Content>();
        field.constraints.at_least = attribute.bound;
    }
    template <typename Content>
    static void apply(Field& field, attributes::LessThan attribute) {
        demand_number<Content>();
        field.constraints.less_than = attribute.bound;
    }
    template <typename Content>
    static void apply(Field& field, attributes::AtMost attribute) {
        demand_number<Content>();
        field.constraints.at_most = attribute.bound;
    }
    template <typename Content>
    static void apply(Field& field, attributes::MinLength attribute) {
        demand_length<Content>();
        field.constraints.min_length = attribute.length;
    }
    template <typename Content>
    static void apply(Field& field, attributes::MaxLength attribute) {
        demand_length<Content>();
        field.constraints.max_length = attribute.length;
    }
    template <typename Content>
    void apply(Field& field, attributes::Matches attribute) {
        demand_text<Content>();
        field.constraints.pattern.emplace(std::move(attribute.expression),
                                          model_.name + "." + field.name);
    }
    template <typename Content>
    static void apply(Field& field, attributes::Defaulted) {
        field.required = false;
    }
    template <typename Content, typename Function>
    static void apply(Field& field, attributes::Satisfies<Function> attribute) {
        field.constraints.checks.push_back(check_of<Content>(std::move(attribute)));
    }

    void apply_to_model(attributes::Describe attribute) {
        model_.description = std::move(attribute.text);
    }
    void apply_to_model(ExtraFields extra_fields) { model_.extra_fields = extra_fields; }
    template <typename Function>
    void apply_to_model(attributes::Satisfies<Function> attribute) {
        model_.checks.push_back(check_of<T>(std::move(attribute)));
    }

    template <typename Content, typename Function>
    static Constraints::Check check_of(attributes::Satisfies<Function> attribute) {
        return {
            [attribute = std::move(attribute)](const void* content) -> std::optional<std::string> {
                if (attribute.function(*static_cast<const Content*>(content))) {
                    return std::nullopt;
                }
                return attribute.message;
            }};
    }

    Model model_;
    // `new (memory) T` without braces: members without an initializer stay as they are.
    detail::DefaultProbe probe_{sizeof(T), alignof(T), [](void* memory) { ::new (memory) T; },
                                [](void* memory) { static_cast<T*>(memory)->~T(); }};
};

namespace detail {
struct DescribedEnumerators {
    std::string_view name;
    std::vector<Enumerator> enumerators;
};
}  // namespace detail

}  // namespace warren

/// Describe the struct T: WARREN_MODEL(T, (field, attribute...)...), attributes from
/// `warren::attributes`. Fields not named are not part of the contract.
#define WARREN_MODEL(T, ...) WARREN_MODEL_WITH(T, (), __VA_ARGS__)

/// The same with attributes of the model itself: WARREN_MODEL_WITH(T, (describe("..."),
/// warren::ExtraFields::forbid, satisfies(predicate, "...")), (field, attribute...)...)
#define WARREN_MODEL_WITH(T, model_attributes, ...)                         \
    inline const ::warren::Model& warren_model([[maybe_unused]] T* tag) {   \
        static const ::warren::Model& described = *new ::warren::Model{[] { \
            using namespace ::warren::attributes; /* NOLINT */              \
            using WarrenSelf = T;                                           \
            ::warren::ModelBuilder<WarrenSelf> warren_builder{#T};          \
            warren_builder.attributes model_attributes;                     \
            WARREN_FOR_EACH(WARREN_MODEL_FIELD, __VA_ARGS__)                \
            return warren_builder.take();                                   \
        }()};                                                               \
        return described;                                                   \
    }
#define WARREN_MODEL_FIELD(field) WARREN_MODEL_FIELD_ARGUMENTS field
#define WARREN_MODEL_FIELD_ARGUMENTS(name, ...) \
    warren_builder.template field<&WarrenSelf::name>(#name __VA_OPT__(, ) __VA_ARGS__);

/// Describe the enumeration E: WARREN_ENUM(E, enumerator...). On the wire: the enumerator's name.
#define WARREN_ENUM(E, ...)                                                         \
    inline const ::warren::detail::DescribedEnumerators& warren_enumerators(        \
        [[maybe_unused]] E* tag) {                                                  \
        using WarrenSelf = E;                                                       \
        static const auto& described = *new ::warren::detail::DescribedEnumerators{ \
            #E, {WARREN_FOR_EACH(WARREN_ENUMERATOR, __VA_ARGS__)}};                 \
        return described;                                                           \
    }
#define WARREN_ENUMERATOR(enumerator) \
    ::warren::Enumerator{#enumerator, static_cast<std::int64_t>(WarrenSelf::enumerator)},
