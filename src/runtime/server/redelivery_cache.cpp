#include "runtime/server/redelivery_cache.hpp"

#include "core/keyed_hash.hpp"
#include "runtime/server/message_server_call.hpp"

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

bool is_unsent(const ReplyProgress& progress) noexcept {
    return progress.has_reply && (progress.replied_in == 0 || progress.is_doubtful);
}

}  // namespace

std::uint64_t hash_of(std::span<const std::byte> body) noexcept {
    return core::KeyedHash{}(protocol::text_of(body));
}

void RedeliveryCache::erase(std::uint64_t key, const Entry& entry) {
    const auto [first, last] = by_key_.equal_range(key);
    const auto found =
        std::find_if(first, last, [&](const auto& known) { return known.second == entry; });
    if (found != last) {
        by_key_.erase(found);
    }
}

void RedeliveryCache::add_running(MessageServerCall& call) {
    if (!std::exchange(call.progress.is_listed, true)) {
        by_key_.emplace(key_of(call.address, call.body_hash), &call);
    }
}

void RedeliveryCache::remove_running(MessageServerCall& call) {
    if (std::exchange(call.progress.is_listed, false)) {
        erase(key_of(call.address, call.body_hash), &call);
    }
}

void RedeliveryCache::add_answered(KeptResponse response, TimePoint now) {
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

RedeliveryCache::Known RedeliveryCache::take(const protocol::MessageView& message,
                                             std::uint64_t forgotten_after) {
    if (by_key_.empty() || message.correlation_id.empty()) {
        return {};
    }
    const std::uint64_t body_hash = hash_of(message.body);
    const auto repeats = [&](const protocol::ReplyAddress& address, std::uint64_t hash,
                             const ReplyProgress& progress) {
        return hash == body_hash && address.correlation_id == message.correlation_id &&
               address.reply_to == message.reply_to && address.exchange == message.exchange &&
               (message.came_before() || !progress.may_be_acknowledged ||
                progress.sent_as > forgotten_after);
    };
    const auto [first, last] = by_key_.equal_range(
        key_of(message.exchange, message.reply_to, message.correlation_id, body_hash));
    for (auto entry = first; entry != last; ++entry) {
        if (MessageServerCall* const* const running =
                std::get_if<MessageServerCall*>(&entry->second)) {
            MessageServerCall& call = **running;
            if (repeats(call.address, call.body_hash, call.progress)) {
                by_key_.erase(entry);
                call.progress.is_listed = false;
                return &call;
            }
        } else {
            const Place place = std::get<Place>(entry->second);
            const KeptResponse& kept = place->response;
            if (repeats(kept.address, kept.body_hash, kept.progress)) {
                return take(place);
            }
        }
    }
    return {};
}

KeptResponse RedeliveryCache::take(Place answered) {
    KeptResponse response = std::move(answered->response);
    erase(key_of(response.address, response.body_hash), answered);
    bytes_ -= response.record.size();
    answered_.erase(answered);
    return response;
}

void RedeliveryCache::doubt(std::uint64_t generation, std::uint64_t heard,
                            bool comes_again) noexcept {
    for (Answered& answered : answered_) {
        ReplyProgress& progress = answered.response.progress;
        if (progress.replied_in == generation && progress.sent_as > heard) {
            progress.is_doubtful = true;
            progress.comes_again = comes_again;
        }
    }
}

ReplyProgress& RedeliveryCache::progress_of(const Entry& entry) noexcept {
    MessageServerCall* const* const running = std::get_if<MessageServerCall*>(&entry);
    return running != nullptr ? (*running)->progress : std::get<Place>(entry)->response.progress;
}

bool RedeliveryCache::awaits_any() const noexcept {
    return std::ranges::any_of(
        by_key_, [](const auto& known) { return progress_of(known.second).comes_again; });
}

void RedeliveryCache::await_no_more() noexcept {
    for (const auto& [key, entry] : by_key_) {
        progress_of(entry).comes_again = false;
    }
}

std::vector<KeptResponse> RedeliveryCache::take_unsent(bool with_doubtful) {
    std::vector<KeptResponse> unsent;
    for (auto next = answered_.begin(); next != answered_.end();) {
        const Place answered = next++;
        const ReplyProgress& progress = answered->response.progress;
        if (is_unsent(progress) && (with_doubtful || !progress.is_doubtful)) {
            unsent.push_back(take(answered));
        }
    }
    return unsent;
}

std::size_t RedeliveryCache::unsent() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        answered_, [](const Answered& answered) { return is_unsent(answered.response.progress); }));
}

void RedeliveryCache::forget_expired(TimePoint now) {
    while (!answered_.empty() && answered_.front().expires <= now) {
        take(answered_.begin());
    }
}

std::optional<TimePoint> RedeliveryCache::next_expiry() const noexcept {
    return answered_.empty() ? std::nullopt : std::optional{answered_.front().expires};
}

}  // namespace warren::runtime
