#pragma once

#include <warren/constraints.hpp>
#include <warren/detail/constrainable.hpp>
#include <warren/detail/for_each.hpp>
#include <warren/type.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
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
    std::string name;  // on the wire
    const Type* type = nullptr;
    void* (*access)(void* object) = nullptr;
    bool required = true;
    std::string description;
    std::vector<Dynamic> examples;
    Constraints constraints;

    /// As `access`, of an object that stays as it is.
    const void* access_const(const void* object) const {
        return access(const_cast<void*>(object));  // NOLINT: only the address is taken
    }
};

/// What becomes of a request's fields that its model does not have.
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

    /// out  nullptr when it has no such field
    const Field* find(std::string_view field_name) const noexcept;
};

namespace detail {

/// An object of an erased type that is owned together with others.
std::shared_ptr<void> own(void* object, void (*destroy)(void* object));

template <typename T>
void delete_object(void* object) {
    delete static_cast<T*>(object);
}

/// How to make and end objects of a struct whose C++ type was erased.
struct ObjectParts {
    std::size_t size_bytes;
    std::size_t alignment;
    void (*construct)(void* memory);  // members without an initializer stay as they are
    void (*destroy)(void* object);    // the counterpart of `construct`
    void* (*make)();                  // on the heap, with those members empty
    void (*free)(void* object);       // the counterpart of `make`
};

template <typename T>
struct PartsOf {
    static void construct(void* memory) { ::new (memory) T; }
    static void destroy(void* object) { static_cast<T*>(object)->~T(); }
    static void* make() { return new T(); }
    static constexpr ObjectParts parts{sizeof(T), alignof(T), construct,
                                       destroy,   make,       delete_object<T>};
};

/// How to tell whether a member has an initializer, so that its field may be left out.
struct DefaultRule {
    enum class Kind : std::uint8_t {
        always,   // an optional has one
        written,  // when constructing an object writes to the member
        differs,  // when the member is not empty then
    };
    Kind kind;
    std::size_t size_bytes;
    bool (*differs)(const void* member);
};

template <typename Content>
inline constexpr bool is_optional = false;
template <typename Content>
inline constexpr bool is_optional<std::optional<Content>> = true;
template <typename Content>
inline constexpr bool is_variant = false;
template <typename... Alternatives>
inline constexpr bool is_variant<std::variant<Alternatives...>> = true;
/// What may be left without a value when it is constructed.
template <typename Content>
inline constexpr bool is_plain = std::is_scalar_v<Content> || is_duration<Content>;
template <typename T, std::size_t count>
inline constexpr bool is_plain<std::array<T, count>> = is_plain<T>;
template <typename Content>
inline constexpr bool is_array = false;
template <typename T, std::size_t count>
inline constexpr bool is_array<std::array<T, count>> = true;

/// Whether a class-type member has an initializer that shows. False for a nested model without
/// `==` and for a variant: there only `defaulted()` can tell.
template <typename Content>
bool differs_from_empty(const void* member) {
    const Content& content = *static_cast<const Content*>(member);
    if constexpr (!is_array<Content> && requires { content.empty(); }) {
        return !content.empty();
    } else if constexpr (!is_variant<Content> && std::equality_comparable<Content>) {
        return !(content == Content{});
    } else {
        return false;
    }
}

template <typename Content>
constexpr DefaultRule default_rule() {
    if constexpr (is_optional<Content>) {
        return {DefaultRule::Kind::always, 0, nullptr};
    } else if constexpr (is_plain<Content>) {
        return {DefaultRule::Kind::written, sizeof(Content), nullptr};
    } else {
        return {DefaultRule::Kind::differs, 0, &differs_from_empty<Content>};
    }
}

template <auto Member, typename T>
void* access_member(void* object) {
    return const_cast<void*>(  // NOLINT: a const member is described, never bound
        static_cast<const void*>(&(static_cast<T*>(object)->*Member)));
}

template <typename T, typename Function>
bool predicate_holds(void* predicate, const void* content) {
    return (*static_cast<Function*>(predicate))(*static_cast<const T*>(content));
}

template <typename T, typename Function>
Constraints::Check check_of(attributes::Satisfies<Function> attribute) {
    return {own(new Function(std::move(attribute.function)), &delete_object<Function>),
            &predicate_holds<T, Function>, std::string{attribute.message}};
}

/// What of collecting a model's fields is the same for every struct.
class ModelMaker {
public:
    ModelMaker(std::string_view name, const ObjectParts& parts);
    ~ModelMaker();
    ModelMaker(const ModelMaker&) = delete;
    ModelMaker& operator=(const ModelMaker&) = delete;

    /// The model, never destroyed.
    /// err  throws Error (internal) when two fields are called alike
    const Model& take();

protected:
    void add_field(std::string_view name, const Type& type, void* (*access)(void* object),
                   const DefaultRule& rule);
    // Of the field that was added last.
    void apply(const attributes::Describe& attribute);
    void apply(const attributes::WireName& attribute);
    void apply(attributes::Example attribute);
    void apply(const attributes::Bound& attribute);
    void apply(const attributes::Length& attribute);
    void apply(const attributes::Matches& attribute);
    void apply(attributes::Defaulted attribute);
    void apply(Constraints::Check check);
    void apply_to_model(const attributes::Describe& attribute);
    void apply_to_model(ExtraFields extra_fields);
    void apply_to_model(Constraints::Check check);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace detail

/// Collects the fields of T; used by WARREN_MODEL.
template <typename T>
class ModelBuilder : public detail::ModelMaker {
    static_assert(std::is_default_constructible_v<T> && std::is_copy_constructible_v<T>,
                  "a model is made empty, then bound: give it a default and a copy constructor");

public:
    explicit ModelBuilder(std::string_view name) : ModelMaker{name, detail::PartsOf<T>::parts} {}

    /// Describe one field.
    template <auto Member, typename... Attributes>
    void field(std::string_view name, Attributes&&... given) {
        using Content = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;
        static constexpr detail::DefaultRule rule = detail::default_rule<Content>();
        add_field(name, type_of<Content>(), &detail::access_member<Member, T>, rule);
        (give<Content>(std::forward<Attributes>(given)), ...);
    }

    /// What holds for the whole object.
    template <typename... Attributes>
    void attributes(Attributes&&... given) {
        (give_to_model(std::forward<Attributes>(given)), ...);
    }

private:
    template <typename Content, typename Attribute>
    void give(Attribute&& attribute) {
        using Given = std::remove_cvref_t<Attribute>;
        if constexpr (std::same_as<Given, attributes::Bound>) {
            static_assert(detail::can_demand<detail::TakesBounds, Content>,
                          "greater_than, at_least, less_than and at_most are for numbers and "
                          "durations, and this field (Member of ModelBuilder::field) is none");
        } else if constexpr (std::same_as<Given, attributes::Length>) {
            static_assert(detail::can_demand<detail::TakesLength, Content>,
                          "min_length and max_length are for text, bytes, paths, lists, sets and "
                          "maps, and this field (Member of ModelBuilder::field) is none");
        } else if constexpr (std::same_as<Given, attributes::Matches>) {
            static_assert(detail::can_demand<detail::TakesPattern, Content>,
                          "pattern is for text and paths, and this field (Member of "
                          "ModelBuilder::field) is neither");
        }
        if constexpr (requires { attribute.function; }) {
            apply(detail::check_of<Content>(std::forward<Attribute>(attribute)));
        } else {
            apply(std::forward<Attribute>(attribute));
        }
    }

    template <typename Attribute>
    void give_to_model(Attribute&& attribute) {
        if constexpr (requires { attribute.function; }) {
            apply_to_model(detail::check_of<T>(std::forward<Attribute>(attribute)));
        } else {
            apply_to_model(std::forward<Attribute>(attribute));
        }
    }
};

}  // namespace warren

/// Describe the struct T: WARREN_MODEL(T, (field, attribute...)...), attributes from
/// `warren::attributes`. Fields not named are not part of the contract.
#define WARREN_MODEL(T, ...) WARREN_MODEL_WITH(T, (), __VA_ARGS__)

/// The same with attributes of the model itself: WARREN_MODEL_WITH(T, (describe("..."),
/// warren::ExtraFields::forbid, satisfies(predicate, "...")), (field, attribute...)...)
#define WARREN_MODEL_WITH(T, model_attributes, ...)                                \
    inline const ::warren::Model& warren_model([[maybe_unused]] T* tag) {          \
        static const ::warren::Model& described = []() -> const ::warren::Model& { \
            using namespace ::warren::attributes; /* NOLINT */                     \
            using WarrenSelf = T;                                                  \
            ::warren::ModelBuilder<WarrenSelf> warren_builder{#T};                 \
            warren_builder.attributes model_attributes;                            \
            WARREN_FOR_EACH(WARREN_MODEL_FIELD, __VA_ARGS__)                       \
            return warren_builder.take();                                          \
        }();                                                                       \
        return described;                                                          \
    }
#define WARREN_MODEL_FIELD(field) WARREN_MODEL_FIELD_ARGUMENTS field
#define WARREN_MODEL_FIELD_ARGUMENTS(name, ...) \
    warren_builder.template field<&WarrenSelf::name>(#name __VA_OPT__(, ) __VA_ARGS__);

/// Describe the enumeration E: WARREN_ENUM(E, enumerator...), each of them: a forgotten one does
/// not compile, unless two have one number. On the wire: the enumerator's name.
#define WARREN_ENUM(E, ...) \
    WARREN_ENUM_OF(E, "", WARREN_ENUMERATOR, WARREN_ENUMERATOR_CASE, __VA_ARGS__)

/// The same with what it and its enumerators mean, for people:
/// WARREN_ENUM_WITH(E, "description", (enumerator, "description")...), the latter may be left out.
#define WARREN_ENUM_WITH(E, description, ...)                                                     \
    WARREN_ENUM_OF(E, description, WARREN_DESCRIBED_ENUMERATOR, WARREN_DESCRIBED_ENUMERATOR_CASE, \
                   __VA_ARGS__)

#define WARREN_ENUM_OF(E, description, enumerator_of, case_of, ...)                               \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wswitch\"")                   \
        [[maybe_unused]] constexpr auto                                                           \
        warren_enumerators([[maybe_unused]] E* tag) {                                             \
        using WarrenSelf = E;                                                                     \
        constexpr auto named =                                                                    \
            ::std::to_array<::warren::Enumerator>({WARREN_FOR_EACH(enumerator_of, __VA_ARGS__)}); \
        [](auto each, auto distinct) -> void {                                                    \
            if constexpr (distinct.value) {                                                       \
                switch (each) {                                                                   \
                    WARREN_FOR_EACH(case_of, __VA_ARGS__)                                         \
                    break;                                                                        \
                }                                                                                 \
            }                                                                                     \
        }(WarrenSelf{}, ::std::bool_constant<::warren::detail::are_distinct(named)>{});           \
        return ::warren::detail::DescribedEnumerators<named.size()>{#E, description, named};      \
    }                                                                                             \
    _Pragma("GCC diagnostic pop")
#define WARREN_ENUMERATOR(enumerator) \
    ::warren::Enumerator{#enumerator, static_cast<std::int64_t>(WarrenSelf::enumerator)},
#define WARREN_ENUMERATOR_CASE(enumerator) case WarrenSelf::enumerator:
#define WARREN_DESCRIBED_ENUMERATOR(item) WARREN_DESCRIBED_ENUMERATOR_ARGUMENTS item
#define WARREN_DESCRIBED_ENUMERATOR_ARGUMENTS(enumerator, ...)                          \
    ::warren::Enumerator{#enumerator, static_cast<std::int64_t>(WarrenSelf::enumerator) \
                                          __VA_OPT__(, ) __VA_ARGS__},
#define WARREN_DESCRIBED_ENUMERATOR_CASE(item) WARREN_DESCRIBED_ENUMERATOR_CASE_ARGUMENTS item
#define WARREN_DESCRIBED_ENUMERATOR_CASE_ARGUMENTS(enumerator, ...) case WarrenSelf::enumerator:
