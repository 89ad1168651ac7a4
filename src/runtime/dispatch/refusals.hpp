#pragma once

#include <warren/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// What calls are answered that do not run here, for now or at all.
namespace warren::runtime {

/// A refusal for the time being: nothing was done, and the caller may try again after a while.
[[gnu::cold]] Failure overloaded(std::string message);
/// What calls are answered while a server ends.
[[gnu::cold]] Failure stopping();
/// What became of calls before they started: their deadline passed, or their caller is gone.
[[gnu::cold]] Failure expired();
[[gnu::cold]] Failure abandoned();
/// Why a part of a response is not sent: its protocol has none, or it cannot be written.
[[gnu::cold]] Failure no_parts();
[[gnu::cold]] Failure unwritable_part(std::string_view why);
/// What a request is answered that was begun too often, and may be what ends the process.
[[gnu::cold]] Failure poisoned(std::uint32_t attempts, std::uint32_t attempts_max);
/// What calls are answered that no memory is left for.
[[gnu::cold]] Failure out_of_memory();
inline constexpr std::string_view no_memory_for_reply =
    "The server has no memory left for the reply";

}  // namespace warren::runtime
