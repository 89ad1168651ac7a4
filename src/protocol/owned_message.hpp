#pragma once

#include <warren/dynamic.hpp>

#include "protocol/message_view.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace warren::protocol {

/// A message that owns its parts, for who keeps it.
class OwnedMessage {
public:
    explicit OwnedMessage(const MessageView& message);

    /// Views this message.
    MessageView view() const;

    const std::string& exchange() const noexcept { return exchange_; }
    const std::string& routing_key() const noexcept { return routing_key_; }

    bool redelivered = false;
    std::uint32_t attempts_before = 0;
    bool is_suspect = false;
    bool is_next = false;

private:
    std::string exchange_, routing_key_, content_type_, content_encoding_, correlation_id_,
        reply_to_, expiration_, message_id_, type_, user_id_, app_id_, body_;
    bool has_empty_correlation_id_;
    std::optional<std::uint8_t> delivery_mode_, priority_;
    std::optional<std::uint64_t> timestamp_;
    Dynamic headers_;
};

}  // namespace warren::protocol
