#pragma once

#include <warren/type.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

// Which fields a constraint makes sense for. On an optional or a secret it holds for the content,
// on a variant for the alternatives that it fits.
namespace warren::detail {

template <typename T>
concept TextLike =
    std::same_as<T, std::string> || std::same_as<T, AbsolutePath> || std::same_as<T, RelativePath>;

/// Of any number of elements: an array has its own.
template <typename T>
inline constexpr bool is_container = TextMap<T> || ItemSet<T>;
template <typename T>
inline constexpr bool is_container<std::vector<T>> = true;

template <typename T>
inline constexpr bool is_duration = false;
template <typename Count, typename Unit>
inline constexpr bool is_duration<std::chrono::duration<Count, Unit>> = true;

struct TakesBounds {
    template <typename T>
    static constexpr bool fits =
        (std::is_arithmetic_v<T> && !std::same_as<T, bool>) || is_duration<T>;
};
struct TakesLength {
    template <typename T>
    static constexpr bool fits = TextLike<T> || is_container<T>;
};
struct TakesPattern {
    template <typename T>
    static constexpr bool fits = TextLike<T>;
};

/// Whether a field of type T can be held to a demand, which is one of the structs above.
template <typename Demand, typename T>
inline constexpr bool can_demand = std::same_as<T, Dynamic> || Demand::template fits<T>;
template <typename Demand, typename T>
inline constexpr bool can_demand<Demand, std::optional<T>> = can_demand<Demand, T>;
template <typename Demand, typename T>
inline constexpr bool can_demand<Demand, Secret<T>> = can_demand<Demand, T>;
template <typename Demand, typename... Alternatives>
inline constexpr bool can_demand<Demand, std::variant<Alternatives...>> =
    (can_demand<Demand, Alternatives> || ...);

}  // namespace warren::detail
