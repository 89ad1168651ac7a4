#pragma once

#include <warren/arena.hpp>

#include "protocol/message_view.hpp"
#include "protocol/topology.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Requests that their server puts into another queue of the broker, to have them again later or to
/// keep them as dead letters. They go through the default exchange, so that one header says what
/// they were before. Anybody could write that header: it counts only where the broker vouches that
/// a server of the same user sent it.                                [RabbitMQ, validated user-id]
namespace warren::protocol {

inline constexpr std::string_view moved_header = "warren-moved";
inline constexpr std::string_view dead_header = "warren-dead";

/// Why a request is a dead letter.
struct Death {
    std::string reason{};
    std::uint32_t attempts = 0;
    std::optional<std::int64_t> first_unix_ms{};  // of these; unset: nobody knows
    std::int64_t last_unix_ms = 0;
    std::string server{};
    std::string queue{};  // it was in
};

/// Where a request goes, and what its next server is told.
struct RequestMove {
    std::string queue{};
    std::uint32_t attempts = 0;  // that it has behind it when it comes again
    std::optional<std::chrono::milliseconds> time_left{};  // from now
    std::int64_t unix_ms = 0;                              // now
    bool is_suspect = false;          // an earlier attempt may have ended its process
    bool is_next = false;             // of these: the last of `attempts` begins when it comes
    std::optional<Queue> declared{};  // first, as it may not be there
    std::optional<Death> death{};
};

/// The request as it goes out.
/// in   user: as whom the server logs in; views of the result are of all that is given
MessageView moved_request(const MessageView& request, const RequestMove& move,
                          std::string_view user, Arena& arena);

/// Have a request that was moved be as it came first.
/// in   user: as whom the server logs in; empty: nothing is believed. unix_ms: now
void restore_moved(MessageView& message, std::string_view user, std::int64_t unix_ms, Arena& arena);

/// What it was before, as the header says, whoever wrote it; null: nothing.
const Value* move_note(const MessageView& message) noexcept;

/// Whether a header is of the way of a message through the broker, and not of the request.
bool is_of_its_way(std::string_view header) noexcept;

/// The first time that an attempt may have begun, as far as the message tells.
std::optional<std::int64_t> first_attempt_ms(const MessageView& request) noexcept;

}  // namespace warren::protocol
