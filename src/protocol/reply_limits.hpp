#pragma once

#include <warren/error.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"
#include "protocol/message_view.hpp"

#include <optional>
#include <string_view>

/// Replies that are over a limit of the client's: the failure of that call alone.
namespace warren::protocol {

/// in   type: of a `DecodeError` or of a field's error
/// out  nullopt for one that is about no limit; otherwise `reply_over_limit`, which names the limit
std::optional<Failure> reply_over_limit(std::string_view type, const core::Limits& limits);

/// Of a reply that is longer than may be.
std::optional<Failure> refuse_oversized_reply(const MessageView& reply, const core::Limits& limits);

}  // namespace warren::protocol
