#pragma once

#include "protocol/envelope.hpp"
#include "runtime/message_job.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace warren::runtime {

/// How much is remembered of requests that the broker may deliver again after a lost connection.
/// What is over a limit is forgotten, the oldest first, and then runs again.
struct ReplayLimits {
    std::size_t entries_max = 4096;
    std::size_t bytes_max = std::size_t{64} << 20;  // of replies
    std::chrono::milliseconds ttl{10 * 60 * 1000};  // from the end of its run
};

/// Of a request's body, to tell requests with one correlation id apart.
std::uint64_t hash_of(std::span<const std::byte> body) noexcept;

/// Two deliveries are of one request when they agree in exchange, reply address, correlation id and
/// body. These are the requests of lost connections: those that still run, and the
/// replies of those that ran. Two requests may be alike in everything; each is kept.
/// thread one at a time
class Replays {
public:
    explicit Replays(ReplayLimits limits) noexcept : limits_{limits} {}

    /// A job runs whose delivery is lost. It stays the dispatcher's.
    void add_running(MessageJob& job);
    /// It finished before its redelivery came.
    void remove_running(MessageJob& job);
    /// A job has run and its reply may be wanted again.
    void add_finished(std::unique_ptr<MessageJob> job, TimePoint now);

    /// The job that a delivery repeats; a running one is no longer kept. A delivery that is not
    /// marked as a repetition can only be one of what was surely not acknowledged.
    /// in   forgotten_after: replies after the first so many count as not acknowledged, either
    /// out  nullptr: none is known
    MessageJob* find(const protocol::Envelope& message, std::uint64_t forgotten_after = UINT64_MAX);

    /// in  a finished one
    std::unique_ptr<MessageJob> take(MessageJob& job);
    /// The connection of a generation broke: its replies after the first so many are doubtful.
    void doubt(std::uint64_t generation, std::uint64_t heard) noexcept;
    /// Every finished one whose reply was not sent yet, or, with doubtful ones, perhaps not read.
    std::vector<std::unique_ptr<MessageJob>> take_unsent(bool with_doubtful);
    /// How many they are, with doubtful ones.
    std::size_t unsent() const noexcept;

    void forget_expired(TimePoint now);
    std::optional<TimePoint> next_expiry() const noexcept;
    std::size_t size() const noexcept { return by_key_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Finished {
        std::unique_ptr<MessageJob> job;
        TimePoint expires;
    };
    std::unique_ptr<MessageJob> take(std::deque<Finished>::iterator entry);
    static bool is_unsent(const Finished& entry) noexcept;
    void insert(MessageJob& job);
    void erase(MessageJob& job);

    ReplayLimits limits_;
    std::unordered_multimap<std::uint64_t, MessageJob*> by_key_;
    std::deque<Finished> finished_;  // oldest first
    std::size_t bytes_ = 0;
};

}  // namespace warren::runtime
