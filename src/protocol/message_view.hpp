#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "format/compression.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warren::protocol {

/// The delivery mode of what a restart of the broker does not lose.       [AMQP 0-9-1 1.8.3.4]
inline constexpr std::uint8_t persistent = 2;

/// A message with its address and properties, as brokers carry them. It owns nothing.
/// The names are AMQP's [AMQP 0-9-1 1.8.3.1 .. 1.8.3.14]; an empty text or null means absent.
struct MessageView {
    std::string_view exchange{};
    std::string_view routing_key{};
    std::string_view content_type{};
    std::string_view content_encoding{};
    std::string_view correlation_id{};
    bool has_empty_correlation_id = false;  // not absent: its caller gets the same back
    std::string_view reply_to{};
    std::string_view expiration{};  // milliseconds, decimal
    std::string_view message_id{};
    std::string_view type{};
    std::string_view user_id{};  // checked by the broker against the connection's user
    std::string_view app_id{};
    std::optional<std::uint64_t> timestamp{};     // seconds since 1970
    std::optional<std::uint8_t> delivery_mode{};  // 1 transient, 2 `persistent`
    std::optional<std::uint8_t> priority{};
    Value headers{};  // map or null
    std::span<const std::byte> body{};

    // of received messages only
    bool redelivered = false;
    std::uint32_t attempts_before = 0;  // those that the broker does not count: see `restore_moved`
    bool is_suspect = false;            // one of these may have ended its process
    bool is_next = false;               // and the one to come was counted when it was sent behind
    std::size_t body_bytes =
        0;  // more than body.size() when the body was over the limit and skipped

    /// Whether somebody may have had it before.
    bool came_before() const noexcept { return redelivered || attempts_before != 0 || is_suspect; }
};

/// What a reply needs to know of its request, once the request's memory is gone.
struct ReplyAddress {
    std::string exchange{};
    std::string reply_to{};  // empty: nobody waits
    std::string correlation_id{};
    bool has_empty_correlation_id = false;
    std::optional<std::uint8_t> delivery_mode{};  // a reply is as persistent as its request
    format::Compression compression = format::Compression::none;  // that its caller takes

    // Of protocols whose replies depend on more, which alone know what it says: see
    // `MessageProtocol::remember`.
    std::string state{};
};

/// Add a header behind those that there are.
/// in   message: its headers then view `arena`, and the name and value
void add_header(std::string_view name, const Value& value, MessageView& message, Arena& arena);

/// The body as characters.
std::string_view text_of(std::span<const std::byte> body) noexcept;
std::span<const std::byte> bytes_of(std::string_view text) noexcept;

/// The time left as the expiration says it; nullopt when it is absent or no number.
std::optional<std::chrono::milliseconds> read_expiration(std::string_view expiration) noexcept;
/// Whether a reply address is the pseudo-queue of a caller without a queue.
/// [RabbitMQ, direct reply-to]
bool is_direct_reply(std::string_view reply_to) noexcept;

}  // namespace warren::protocol
