#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"
#include "protocol/call.hpp"
#include "protocol/message_view.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace warren::protocol {

/// The message of every `invalid_request` that a server answers with.
inline constexpr std::string_view invalid_request_message = "Request validation failed";

/// A list of {"location", "message", "type"}; views of `errors` and `arena`.
Value to_value(std::span<const FieldError> errors, Arena& arena);

/// Read what `to_value` writes; entries of another shape are left out.
std::vector<FieldError> read_errors(const Value& list);

/// A request that cannot be decoded, as the one error of `invalid_request`.
[[gnu::cold]] Failure refused_request(std::string message, std::string type);
/// The same of what a server cannot read, or does not: over a limit it says whose. Of a reply that
/// a client reads that is `reply_over_limit` instead.
[[gnu::cold]] Failure refused_request(const format::DecodeError& error);

/// Why a call is not sent by a protocol that has arguments by position or by name, and not both;
/// nullopt when it is.
std::optional<Failure> refuse_mixed(const Call& call);

/// A call that wants a response, where none can come.
[[gnu::cold]] Failure one_way_only();

/// What a message over the limit becomes, at the side that would have sent it.
[[gnu::cold]] Failure oversized_request(std::size_t size_bytes, const core::Limits& limits);
std::string oversized_reply_message(std::size_t size_bytes, const core::Limits& limits);

/// err  invalid_request when the body was over the limit, and so was skipped
std::optional<Failure> refuse_oversized(const MessageView& message, const core::Limits& limits);

}  // namespace warren::protocol
