#pragma once

#include <string_view>

/// The texts that stand in MessagePack-RPC messages: see `msgpack_rpc.hpp`.
namespace warren::protocol::rpc_names {

inline constexpr std::string_view marker = "$warren";
inline constexpr std::string_view positional = "positional";
inline constexpr std::string_view named = "named";
inline constexpr std::string_view bare = "bare";
inline constexpr std::string_view timeout_ms = "timeout_ms";
inline constexpr std::string_view attempt = "attempt";
inline constexpr std::string_view priority = "priority";
inline constexpr std::string_view parts = "parts";
inline constexpr std::string_view progress = "progress";
inline constexpr std::string_view heartbeat_ms = "heartbeat_ms";
inline constexpr std::string_view number = "number";
inline constexpr std::string_view replayed = "replayed";
inline constexpr std::string_view accept = "accept";
inline constexpr std::string_view compressed = "compressed";
inline constexpr std::string_view auth = "auth";

inline constexpr std::string_view part = "part";
inline constexpr std::string_view heartbeat = "heartbeat";

inline constexpr std::string_view code = "code";
inline constexpr std::string_view message = "message";
inline constexpr std::string_view errors = "errors";
inline constexpr std::string_view data = "data";
inline constexpr std::string_view retry_after_ms = "retry_after_ms";

}  // namespace warren::protocol::rpc_names
