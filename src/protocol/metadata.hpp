#pragma once

#include <warren/arena.hpp>

#include "protocol/message_view.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::protocol {

/// What a call says of itself beside its method and arguments. Which of it a protocol's messages
/// carry, its descriptor says: the rest is not sent, and is absent in what is decoded.
struct Metadata {
    std::optional<std::chrono::milliseconds> time_left{};  // when it was sent or received
    std::uint32_t attempt = 1;               // 2 and more: an earlier one may have had an effect
    std::string_view caller{};               // the identity the transport vouches for; empty: none
    std::string_view idempotency_key{};      // empty: none
    std::string_view traceparent{};          // [W3C Trace Context]; empty: none
    std::optional<std::uint8_t> priority{};  // [AMQP 0-9-1 1.8.3.5]
};

/// The same, viewing the arena.
Metadata copy(const Metadata& metadata, Arena& arena);

/// What the properties of a delivered request say. An expiration of 0 ms is to be delivered at once
/// or not at all, and so it was: how long its caller waits it does not say.
/// [RabbitMQ, time-to-live; x-delivery-count]
Metadata metadata_of(const MessageView& delivered) noexcept;

/// Put into a request's properties what they have room for: the time left and the priority.
/// in   request: its expiration then views `arena`
void write_metadata(const Metadata& metadata, MessageView& request, Arena& arena);

}  // namespace warren::protocol
