#pragma once

#include <warren/dynamic.hpp>

#include "protocol/message_protocol.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warren::app {

/// A request that was given up, wherever it is kept: what a person wants to know of it.
struct DeadLetter {
    std::uint64_t number = 0;  // in a queue its place, from 1; in a file its id
    std::string method{};      // empty: it cannot be read
    std::string reason{};
    std::optional<std::int64_t> died_ms{};   // since 1970
    std::optional<std::int64_t> first_ms{};  // its first attempt
    std::optional<std::uint32_t> attempts{};
    std::string server{};
    std::string queue{};
    std::string correlation_id{};
    std::string idempotency_key{};
    std::optional<std::uint8_t> priority{};
    Dynamic arguments{};
    std::string unreadable{};  // why, of one that cannot be read
    Dynamic history{};         // what the broker noted, the last thing first; null: nothing
};

/// Which of them are meant.
struct DeadFilter {
    std::string method{};                    // empty: any
    std::string reason{};                    // a part of it; empty: any
    std::optional<std::int64_t> since_ms{};  // died then or later
    std::uint64_t count_max = UINT64_MAX;

    bool matches(const DeadLetter& letter) const;
};

/// in   text: a duration, so long ago, or a time in RFC 3339
/// err  what to write instead
std::expected<std::int64_t, std::string> read_since(const std::string& text);

/// Where a message of a dead letter queue was before, as far as it tells.
struct DeadOrigin {
    std::string_view exchange{};
    std::string_view routing_key{};
    std::string_view queue{};  // it died in; empty: unknown
};
DeadOrigin origin_of(const protocol::MessageView& message) noexcept;

/// What a message of a dead letter queue says of itself.
DeadLetter read_dead_letter(const protocol::MessageView& message,
                            const protocol::MessageProtocol& protocol);
/// The request as it came first, but for its time, and for a user for whom only that user's own
/// connection may speak.
/// in   queue: where it goes when it does not tell where it was; user: as whom it is sent
protocol::MessageView put_back(const protocol::MessageView& message, std::string_view queue,
                               std::string_view user, Arena& arena);

/// What programs get of it.
/// in   in_full: with the arguments, in which there may be secrets
Dynamic record_of(const DeadLetter& letter, bool in_full);
/// For people: one line, or in full several.
std::string to_text(const DeadLetter& letter, bool in_full);

}  // namespace warren::app
