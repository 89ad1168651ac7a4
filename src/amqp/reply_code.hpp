#pragma once

#include <cstdint>

/// Why a channel, a connection or a message was refused.                      [AMQP 0-9-1 1.2]
namespace warren::amqp::reply_code {

inline constexpr std::uint16_t reply_success = 200;

// These close a channel or return a message.
inline constexpr std::uint16_t content_too_large = 311;
inline constexpr std::uint16_t no_route = 312;
inline constexpr std::uint16_t no_consumers = 313;
inline constexpr std::uint16_t access_refused = 403;
inline constexpr std::uint16_t not_found = 404;
inline constexpr std::uint16_t resource_locked = 405;
inline constexpr std::uint16_t precondition_failed = 406;

// These close the connection.
inline constexpr std::uint16_t connection_forced = 320;
inline constexpr std::uint16_t invalid_path = 402;
inline constexpr std::uint16_t frame_error = 501;
inline constexpr std::uint16_t syntax_error = 502;
inline constexpr std::uint16_t command_invalid = 503;
inline constexpr std::uint16_t channel_error = 504;
inline constexpr std::uint16_t unexpected_frame = 505;
inline constexpr std::uint16_t resource_error = 506;
inline constexpr std::uint16_t not_allowed = 530;
inline constexpr std::uint16_t not_implemented = 540;
inline constexpr std::uint16_t internal_error = 541;

}  // namespace warren::amqp::reply_code
