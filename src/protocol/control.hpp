#pragma once

#include <warren/arena.hpp>
#include <warren/types.hpp>

#include "protocol/message_view.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The control route: what is said of calls at a broker beside their requests and responses. Each
/// server has a queue of its own for it, bound to an exchange that every virtual host has, under
/// the key of the queue that its requests come from; so a message reaches whichever server has the
/// call. Its property `type` says what it is, and servers pass over what they do not know.
namespace warren::protocol {

inline constexpr std::string_view control_exchange = "amq.direct";  // [AMQP 0-9-1 3.1.3.1]

/// in   queue: that the servers consume
/// out  at most 255 bytes; queues whose long names begin alike may share one
std::string control_key(std::string_view queue);

/// Nobody waits for a call any more.
struct Cancellation {
    Uuid correlation_id{};                              // of its request
    std::chrono::milliseconds request_expires_after{};  // until then its request may still come
    std::string_view user_id{};  // as the broker has checked it; empty: not said
};

/// A caller is done with so many bytes of a call's parts, counted from the first one.
struct Credit {
    std::string_view correlation_id;  // of its request
    std::uint64_t bytes_done = 0;
};

/// in   key: of `control_key`; what is given is viewed, and `arena`
MessageView encode_cancellation(std::string_view key, std::string_view correlation_id,
                                std::chrono::milliseconds request_expires_after, Arena& arena);
/// out  nullopt: it is something else
std::optional<Cancellation> read_cancellation(const MessageView& message) noexcept;

MessageView encode_credit(std::string_view key, const Credit& credit, Arena& arena);
std::optional<Credit> read_credit(const MessageView& message) noexcept;

}  // namespace warren::protocol
