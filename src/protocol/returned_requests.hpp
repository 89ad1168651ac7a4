#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "protocol/topology.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Requests that a broker drops, such as those whose time is over in a queue, and how they come
/// back to their callers, also while no server is there. The queue dead-letters them to one
/// exchange, under the keys they were sent with. One of these is the caller's own, to which its
/// reply queue is bound there; the broker takes it off before anybody gets the request.
/// [RabbitMQ, dead letter exchanges; sender-selected distribution, BCC]
namespace warren::protocol {

/// Where they are dead-lettered to.
inline constexpr std::string_view returns_exchange = "warren.returned";

/// Have a server's queue return them. Its dead letters, which `limit_deliveries` has added, go the
/// same way.
void return_requests(Topology& topology);

/// Have a client's reply queue, which is the only one, get those that are returned.
/// in   unique: a text that no other connection has, for a queue that the broker names
/// out  the key of requests that come back there
std::string accept_returns(Topology& topology, std::string_view unique);

/// in   request: its headers then view `arena` and the key
void add_return_key(std::string_view key, MessageView& request, Arena& arena);

/// How long a request may wait, so that it is back in the time that is left.
std::chrono::milliseconds time_until_return(std::chrono::milliseconds time_left) noexcept;

/// out  what a call fails with whose request has come back; nullopt: this one has not
std::optional<Failure> returned_failure(const MessageView& message, std::string_view broker);

}  // namespace warren::protocol
