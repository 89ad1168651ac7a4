#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "protocol/call.hpp"

#include <chrono>
#include <optional>
#include <string>

/// A failure of the catalogue inside of a response between Warren's own peers: {"code", "message"}
/// with, where there are any, "errors" (a list of {"location", "message", "type"}), "data",
/// "retry_after_ms" and "replayed".
namespace warren::protocol {

/// in   answer: a failure
/// out  without its data; views of `response` and `arena`
Value failure_value(const Response& response, Arena& arena);

/// The same failure as a response, which views it, and the other way round.
Response to_answer(const Failure& failure);
Failure to_failure(const Response& response);

/// out  nullopt for what is no such map, or has a code that is not in the catalogue
std::optional<Failure> read_failure(const Value& value);

/// A time in milliseconds, cut to a year, so that no sum of times overflows.
/// out  nullopt for what is no number of them
std::optional<std::chrono::milliseconds> read_milliseconds(const Value& value) noexcept;

/// The text under a key of a map; empty when there is none.
std::string text_in(const Value& map, std::string_view key);

/// A failure in one line for a person: its message, or else its code, and every field's error.
std::string failure_text(const Response& response);

}  // namespace warren::protocol
