#pragma once

#include "metrics/call_series.hpp"
#include "protocol/message_view.hpp"
#include "runtime/executor.hpp"
#include "runtime/transports.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace warren::runtime {

/// How much is remembered of requests that the broker may deliver again after a lost connection.
/// What is over a limit is forgotten, the oldest first, and then runs again.
struct RedeliveryCacheLimits {
    std::size_t entries_max = 4096;
    std::size_t bytes_max = std::size_t{64} << 20;  // of replies
    std::chrono::milliseconds ttl{10 * 60 * 1000};  // from the end of its run
};

/// Of a request's body, to tell requests with one correlation id apart.
std::uint64_t hash_of(std::span<const std::byte> body) noexcept;

class MessageServerCall;

/// How far the response to a delivery has come.
struct ReplyProgress {
    bool has_reply = false;            // false: nobody is to have one
    bool may_be_acknowledged = false;  // it was settled, and the broker may know
    std::uint64_t replied_in = 0;      // the generation that the reply was sent in; 0: not sent
    std::uint64_t sent_as = 0;         // its number among those that were settled
    bool is_doubtful = false;          // the connection broke, and the broker may not have read it
    bool comes_again = false;          // the broker may be about to deliver its request again
    bool may_be_doubled = false;       // its queue may have its request once more
    bool is_listed = false;            // in the cache as one that runs
};

/// The response to a delivery, apart from the call that made it.
struct KeptResponse {
    DeliveryId delivery{};
    protocol::ReplyAddress address{};
    std::uint64_t body_hash = 0;
    ReplyProgress progress{};
    std::string record{};                   // see protocol/response_record.hpp
    metrics::CallSeries* series = nullptr;  // where it was counted; null: nobody counts
};

/// Two deliveries are of one request when they agree in exchange, reply address, correlation id and
/// body. These are the requests of lost connections: those that still run, and the responses of
/// those that ran. Two requests may be alike in everything; each is kept.
/// thread one at a time
class RedeliveryCache {
public:
    explicit RedeliveryCache(RedeliveryCacheLimits limits) noexcept : limits_{limits} {}

    /// A call runs whose delivery is lost, or may come once more. It stays the dispatcher's. Adding
    /// what is there, and removing what is not, does nothing.
    void add_running(MessageServerCall& call);
    /// It finished before its redelivery came.
    void remove_running(MessageServerCall& call);
    /// A request was answered, and its response may be wanted again.
    void add_answered(KeptResponse response, TimePoint now);

    using Known = std::variant<std::monostate, MessageServerCall*, KeptResponse>;
    /// What a delivery repeats, which is no longer kept: a call that runs, or a response. A
    /// delivery that is not marked as a repetition can only be one of what was surely not
    /// acknowledged.
    /// in   forgotten_after: replies after the first so many count as not acknowledged, either
    Known take(const protocol::MessageView& message, std::uint64_t forgotten_after = UINT64_MAX);

    /// The connection of a generation broke: its replies after the first so many are doubtful.
    /// in   comes_again: their requests, where the broker has not read them
    void doubt(std::uint64_t generation, std::uint64_t heard, bool comes_again) noexcept;
    /// Whether one of these requests is still to come again, and that none is any more.
    bool awaits_any() const noexcept;
    void await_no_more() noexcept;
    /// Every response whose reply was not sent yet, or, with doubtful ones, perhaps not read.
    std::vector<KeptResponse> take_unsent(bool with_doubtful);
    /// How many they are, with doubtful ones.
    std::size_t unsent() const noexcept;

    void forget_expired(TimePoint now);
    std::optional<TimePoint> next_expiry() const noexcept;
    std::size_t size() const noexcept { return by_key_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Answered {
        KeptResponse response;
        TimePoint expires;
    };
    using Place = std::list<Answered>::iterator;
    using Entry = std::variant<MessageServerCall*, Place>;

    static ReplyProgress& progress_of(const Entry& entry) noexcept;
    KeptResponse take(Place answered);
    void erase(std::uint64_t key, const Entry& entry);

    RedeliveryCacheLimits limits_;
    std::unordered_multimap<std::uint64_t, Entry> by_key_;
    std::list<Answered> answered_;  // oldest first
    std::size_t bytes_ = 0;
};

}  // namespace warren::runtime
