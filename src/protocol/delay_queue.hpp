#pragma once

#include "protocol/topology.hpp"

#include <chrono>
#include <string_view>

/// Queues in which requests wait for their next attempt: nobody consumes them, and when a message's
/// time is over the broker dead-letters it to the queue that it came from. There is one for each
/// step of a delay, since a queue looks for what is over at its head alone.
/// [RabbitMQ, time to live; dead letter exchanges]
namespace warren::protocol {

inline constexpr std::chrono::seconds delay_min{1};
inline constexpr std::chrono::hours delay_max{24};

/// How long a request waits that is to wait for so long: never less, and of few different lengths.
std::chrono::seconds delay_step(std::chrono::milliseconds delay) noexcept;

/// The queue for a step. It goes when nothing was put into it for long, and so has to be declared
/// with each message.
/// in   served: where its messages come back to
Queue delay_queue(const Queue& served, std::chrono::seconds step);

}  // namespace warren::protocol
