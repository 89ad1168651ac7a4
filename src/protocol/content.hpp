#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "protocol/message_view.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

/// What a message's content type and encoding say, which peers write in any case, with blanks and
/// parameters: "Application/JSON; charset=UTF-8".                     [RFC 2045 5.1, RFC 9110 8.3]
namespace warren::protocol {

/// The type without its parameters and blanks; empty when none is named.
std::string_view media_type(std::string_view content_type) noexcept;
/// in   type: as `media_type` gives it; name: in lower case
bool is_media_type(std::string_view type, std::string_view name) noexcept;
/// Of JSON: application/json, text/json, application/problem+json.
bool is_json_type(std::string_view type) noexcept;
/// Any of text/...
bool is_text_type(std::string_view type) noexcept;

/// Whether a message's body is to be inflated, as far as the message says.
bool is_compressed(const MessageView& message) noexcept;

/// A message's body as it was before it was encoded: inflated, where it is gzip, zstd or
/// deflate. The names of character sets that programs put there say nothing of it, nor does
/// "binary".
/// out  viewing the message, or `arena`
/// err  invalid_request: over the limit, also when inflated; an encoding that is not known, or that
///      the body does not have
/// cost O(1), or O(bytes in and out) and memory for twice what comes out, which has the limit
std::expected<std::span<const std::byte>, Failure> plain_body(const MessageView& message,
                                                              Arena& arena,
                                                              const core::Limits& limits);

}  // namespace warren::protocol
