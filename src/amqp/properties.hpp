#pragma once

#include <warren/value.hpp>

#include "amqp/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace warren::amqp {

/// The properties of a message's content header. All text is viewed.  [AMQP 0-9-1 1.8.1, 4.2.6.1]
struct BasicProperties {
    std::optional<std::string_view> content_type{};
    std::optional<std::string_view> content_encoding{};
    /// The field table as it is on the wire, its length first: see `decode_table`.
    std::optional<std::span<const std::byte>> headers{};
    std::optional<std::uint8_t> delivery_mode{};
    std::optional<std::uint8_t> priority{};
    std::optional<std::string_view> correlation_id{};
    std::optional<std::string_view> reply_to{};
    std::optional<std::string_view> expiration{};
    std::optional<std::string_view> message_id{};
    std::optional<std::uint64_t> timestamp{};  // seconds since 1970
    std::optional<std::string_view> type{};
    std::optional<std::string_view> user_id{};
    std::optional<std::string_view> app_id{};
    std::optional<std::string_view> cluster_id{};  // deprecated, "reserved" since 0-9-1
};

inline constexpr std::uint8_t delivery_mode_transient = 1;
inline constexpr std::uint8_t delivery_mode_persistent = 2;

/// Decode property flags and the properties they announce.
/// in    what follows the body size in a content header frame
/// out   properties viewing the input
/// err   marks the reader failed: truncated, or a flag of no known property
void read_properties(Reader& reader, BasicProperties& properties) noexcept;

/// Encode property flags and the properties that are set.
/// in    headers: a map that goes out as the headers property instead of `properties.headers`, or
///       null
/// err   marks the writer failed: a text over 255 bytes, a value no table can hold
void write_properties(Writer& writer, const BasicProperties& properties, const Value& headers = {});

}  // namespace warren::amqp
