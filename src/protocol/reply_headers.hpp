#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "format/error.hpp"
#include "protocol/call.hpp"
#include "protocol/message_view.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Headers by which Warren's replies name a failure exactly, beside a body in the protocol's own
/// form:
///
///     warren-code            the catalogue's name, such as "overloaded"; absent on success
///     warren-message         its message, as far as it surely fits
///     warren-retry-after-ms  of "overloaded"
///
/// and what a reply is, of requests that ask for more than an end:
///
///     warren-part            how many parts came before it: it is one
///     warren-progress        true: how far the call is
///     warren-heartbeat       true: the call is under way
///     warren-parts           of the end: how many parts there were
///     warren-replayed        true: the call was done before, and this is what it gave then
namespace warren::protocol {

/// out  null when the response is a success; views of `arena` and of the response
Value failure_headers(const Response& response, Arena& arena);

/// Put what a response is beside the headers of its message: nothing for the end of a call without
/// parts that ran now.
/// in   reply: its headers then view `arena`
void mark_kind(const Response& response, MessageView& reply, Arena& arena);
/// What a reply is.
void read_kind(const MessageView& reply, Response& response) noexcept;

/// Note why a response could not be written, where somebody wants to know.
void report(const format::EncodeError& why, std::string* unwritable);
/// What the caller of a reply in JSON is told then.
std::string_view unwritable_reply_message(const format::EncodeError& why) noexcept;

/// Of a message in the headers; more of it is in the body, where the protocol has a place for it.
inline constexpr std::size_t header_message_bytes_max = 3072;

/// Where a body has all of a message that was cut for the headers, or is not in them, take that.
void complete_message(Failure& failure, std::string_view message);

/// What the headers say of a failure; nullopt when they say nothing, or nothing known.
std::optional<Failure> read_failure_headers(const Value& headers);

}  // namespace warren::protocol
