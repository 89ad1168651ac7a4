#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/message_view.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace warren::protocol {

/// What a call says of itself beside its method and arguments. Which of it a protocol's messages
/// carry, its descriptor says: the rest is not sent, and is absent in what is decoded.
struct Metadata {
    std::optional<std::chrono::milliseconds> time_left{};  // when it was sent or received
    std::uint32_t attempt = 1;               // 2 and more: an earlier one may have had an effect
    std::uint32_t deliveries = 1;            // of this message, by its broker: of those attempts
    std::string_view caller{};               // the identity the transport vouches for; empty: none
    std::string_view idempotency_key{};      // empty: none; and so of all texts
    std::string_view traceparent{};          // [W3C Trace Context]
    std::string_view tracestate{};           // not without a traceparent
    std::string_view baggage{};              // [W3C Baggage]
    std::string_view contract{};             // the fingerprint of the one its caller has
    std::optional<std::uint8_t> priority{};  // [AMQP 0-9-1 1.8.3.5]
    std::optional<std::int64_t> sent_at_ms{};  // unix; of one that may have waited in a queue
    // What its caller takes before the end; see `ResponseKind`.
    std::optional<std::uint32_t> parts_window{};  // bytes of parts under way; none: takes no parts
    bool takes_progress = false;
    std::optional<std::chrono::milliseconds>
        heartbeat{};  // how often it wants to hear; none: never

    /// Whether there is any of the texts that callers say. Mostly there is none.
    bool has_texts() const noexcept {
        return (idempotency_key.size() | traceparent.size() | tracestate.size() | baggage.size() |
                contract.size()) != 0;
    }
    bool takes_more_than_end() const noexcept {
        return parts_window || takes_progress || heartbeat;
    }
};

inline constexpr std::size_t metadata_name_bytes_max = 255;  // of a key, and of a fingerprint

/// One of the texts that callers say.
struct MetadataText {
    std::string_view name;    // as callers have it
    std::string_view header;  // as messages with headers have it
    std::string_view member;  // as maps of metadata have it
    std::string_view Metadata::* text;
    bool (*is_valid)(std::string_view text) noexcept;
};

/// All of them: who reads, writes, copies or checks metadata does so by this.
extern const std::array<MetadataText, 5> metadata_texts;

/// The first thing that a caller of this says itself; empty: nothing.
std::string_view first_asked(const Metadata& metadata) noexcept;
/// What a caller says that cannot be: nullopt, or why it is not sent.
std::optional<std::string> fault_of(const Metadata& asked);
/// Drop what came malformed or over a limit, as W3C has it for traces.
/// err  invalid_request: the idempotency key, without which an effect might come twice
std::expected<void, Failure> bound(Metadata& received);

/// The same, viewing the arena.
Metadata copy(const Metadata& metadata, Arena& arena);
/// Have the texts that callers say view the arena.
void keep_texts(Metadata& metadata, Arena& arena);

/// Which attempt at handling a delivery is, from 1, as far as the broker and its servers tell.
std::uint32_t delivery_attempt(const MessageView& message) noexcept;

/// What the properties and headers of a delivered request say. A header of another kind than ours
/// is somebody else's, and is passed over. An expiration of 0 ms is to be delivered at once or not
/// at all, and so it was: how long its caller waits it does not say.
/// [RabbitMQ, time-to-live; x-delivery-count]
/// err  as `bound`
std::expected<Metadata, Failure> read_metadata(const MessageView& delivered);

/// Put it into a request's properties, and what they have no room for behind its headers: nothing
/// of what the metadata does not say.
/// in   request: its expiration and headers then view `arena`
void write_metadata(const Metadata& metadata, MessageView& request, Arena& arena);

}  // namespace warren::protocol
