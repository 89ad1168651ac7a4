#include "runtime/replays.hpp"

#include "core/keyed_hash.hpp"
#include "runtime/message_job.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace warren::runtime {
namespace {

std::uint64_t key_of(std::string_view exchange, std::string_view reply_to,
                     std::string_view correlation_id, std::uint64_t body_hash) {
    const core::KeyedHash hash;
    std::uint64_t key = body_hash;
    for (const std::string_view part : {exchange, reply_to, correlation_id}) {
        key = (key ^ hash(part)) * 0x9E3779B97F4A7C15U;  // 2^64 over the golden ratio
    }
    return key;
}

std::uint64_t key_of(const protocol::ReplyAddress& address, std::uint64_t body_hash) {
    return key_of(address.exchange, address.reply_to, address.correlation_id, body_hash);
}

bool is_unsent(const ResponseState& state) noexcept {
    return state.has_reply && (state.replied_in == 0 || state.is_doubtful);
}

}  // namespace

std::uint64_t hash_of(std::span<const std::byte> body) noexcept {
    return core::KeyedHash{}(protocol::text_of(body));
}

void Replays::erase(std::uint64_t key, const Entry& entry) {
    const auto [first, last] = by_key_.equal_range(key);
    const auto found =
        std::find_if(first, last, [&](const auto& known) { return known.second == entry; });
    if (found != last) {
        by_key_.erase(found);
    }
}

void Replays::add_running(MessageJob& job) {
    by_key_.emplace(key_of(job.address, job.body_hash), &job);
}

void Replays::remove_running(MessageJob& job) {
    erase(key_of(job.address, job.body_hash), &job);
}

void Replays::add_answered(KeptResponse response, TimePoint now) {
    if (limits_.entries_max == 0) {
        return;
    }
    const std::uint64_t key = key_of(response.address, response.body_hash);
    bytes_ += response.record.size();
    answered_.push_back({.response = std::move(response), .expires = now + limits_.ttl});
    by_key_.emplace(key, std::prev(answered_.end()));
    while (answered_.size() > limits_.entries_max || bytes_ > limits_.bytes_max) {
        take(answered_.begin());
    }
}

Replays::Known Replays::take(const protocol::Envelope& message, std::uint64_t forgotten_after) {
    if (by_key_.empty() || message.correlation_id.empty()) {
        return {};
    }
    const std::uint64_t body_hash = hash_of(message.body);
    const auto repeats = [&](const protocol::ReplyAddress& address, std::uint64_t hash,
                             const ResponseState& state) {
        return hash == body_hash && address.correlation_id == message.correlation_id &&
               address.reply_to == message.reply_to && address.exchange == message.exchange &&
               (message.redelivered || !state.may_be_acknowledged ||
                state.sent_as > forgotten_after);
    };
    const auto [first, last] = by_key_.equal_range(
        key_of(message.exchange, message.reply_to, message.correlation_id, body_hash));
    for (auto entry = first; entry != last; ++entry) {
        if (MessageJob* const* const running = std::get_if<MessageJob*>(&entry->second)) {
            MessageJob& job = **running;
            if (repeats(job.address, job.body_hash, job.response)) {
                by_key_.erase(entry);
                return &job;
            }
        } else {
            const Place place = std::get<Place>(entry->second);
            const KeptResponse& kept = place->response;
            if (repeats(kept.address, kept.body_hash, kept.state)) {
                return take(place);
            }
        }
    }
    return {};
}

KeptResponse Replays::take(Place answered) {
    KeptResponse response = std::move(answered->response);
    erase(key_of(response.address, response.body_hash), answered);
    bytes_ -= response.record.size();
    answered_.erase(answered);
    return response;
}

void Replays::doubt(std::uint64_t generation, std::uint64_t heard) noexcept {
    for (Answered& answered : answered_) {
        ResponseState& state = answered.response.state;
        if (state.replied_in == generation && state.sent_as > heard) {
            state.is_doubtful = true;
        }
    }
}

std::vector<KeptResponse> Replays::take_unsent(bool with_doubtful) {
    std::vector<KeptResponse> unsent;
    for (auto next = answered_.begin(); next != answered_.end();) {
        const Place answered = next++;
        const ResponseState& state = answered->response.state;
        if (is_unsent(state) && (with_doubtful || !state.is_doubtful)) {
            unsent.push_back(take(answered));
        }
    }
    return unsent;
}

std::size_t Replays::unsent() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        answered_, [](const Answered& answered) { return is_unsent(answered.response.state); }));
}

void Replays::forget_expired(TimePoint now) {
    while (!answered_.empty() && answered_.front().expires <= now) {
        take(answered_.begin());
    }
}

std::optional<TimePoint> Replays::next_expiry() const noexcept {
    return answered_.empty() ? std::nullopt : std::optional{answered_.front().expires};
}

}  // namespace warren::runtime
