#include "runtime/replays.hpp"

#include "core/assert.hpp"
#include "core/keyed_hash.hpp"

#include <algorithm>
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

std::uint64_t key_of(const MessageJob& job) {
    return key_of(job.address.exchange, job.address.reply_to, job.address.correlation_id,
                  job.body_hash);
}

}  // namespace

std::uint64_t hash_of(std::span<const std::byte> body) noexcept {
    return core::KeyedHash{}(protocol::text_of(body));
}

void Replays::insert(MessageJob& job) {
    by_key_.emplace(key_of(job), &job);
}

void Replays::erase(MessageJob& job) {
    const auto [first, last] = by_key_.equal_range(key_of(job));
    for (auto entry = first; entry != last; ++entry) {
        if (entry->second == &job) {
            by_key_.erase(entry);
            return;
        }
    }
}

void Replays::add_running(MessageJob& job) {
    insert(job);
}

void Replays::remove_running(MessageJob& job) {
    erase(job);
}

void Replays::add_finished(std::unique_ptr<MessageJob> job, TimePoint now) {
    WARREN_ASSERT(job->is_done);
    if (limits_.entries_max == 0) {
        return;
    }
    insert(*job);
    bytes_ += job->body.capacity();
    finished_.push_back({.job = std::move(job), .expires = now + limits_.ttl});
    while (finished_.size() > limits_.entries_max || bytes_ > limits_.bytes_max) {
        take(finished_.begin());
    }
}

MessageJob* Replays::find(const protocol::Envelope& message, std::uint64_t forgotten_after) {
    if (by_key_.empty() || message.correlation_id.empty()) {
        return nullptr;
    }
    const std::uint64_t body_hash = hash_of(message.body);
    const auto [first, last] = by_key_.equal_range(
        key_of(message.exchange, message.reply_to, message.correlation_id, body_hash));
    for (auto entry = first; entry != last; ++entry) {
        MessageJob& job = *entry->second;
        if (job.body_hash == body_hash && job.address.correlation_id == message.correlation_id &&
            job.address.reply_to == message.reply_to && job.address.exchange == message.exchange &&
            (message.redelivered || !job.may_be_acknowledged || job.sent_as > forgotten_after)) {
            if (!job.is_done) {
                by_key_.erase(entry);
            }
            return &job;
        }
    }
    return nullptr;
}

std::unique_ptr<MessageJob> Replays::take(std::deque<Finished>::iterator entry) {
    std::unique_ptr<MessageJob> job = std::move(entry->job);
    erase(*job);
    bytes_ -= job->body.capacity();
    finished_.erase(entry);
    return job;
}

std::unique_ptr<MessageJob> Replays::take(MessageJob& job) {
    const auto entry = std::ranges::find_if(
        finished_, [&](const Finished& finished) { return finished.job.get() == &job; });
    WARREN_ASSERT(entry != finished_.end());
    return take(entry);
}

bool Replays::is_unsent(const Finished& entry) noexcept {
    return entry.job->reply && (entry.job->replied_in == 0 || entry.job->is_doubtful);
}

void Replays::doubt(std::uint64_t generation, std::uint64_t heard) noexcept {
    for (const Finished& entry : finished_) {
        if (entry.job->replied_in == generation && entry.job->sent_as > heard) {
            entry.job->is_doubtful = true;
        }
    }
}

std::vector<std::unique_ptr<MessageJob>> Replays::take_unsent(bool with_doubtful) {
    std::vector<std::unique_ptr<MessageJob>> unsent;
    for (Finished& entry : finished_) {
        if (is_unsent(entry) && (with_doubtful || !entry.job->is_doubtful)) {
            erase(*entry.job);
            bytes_ -= entry.job->body.capacity();
            unsent.push_back(std::move(entry.job));
        }
    }
    std::erase_if(finished_, [](const Finished& entry) { return entry.job == nullptr; });
    return unsent;
}

std::size_t Replays::unsent() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(finished_, is_unsent));
}

void Replays::forget_expired(TimePoint now) {
    while (!finished_.empty() && finished_.front().expires <= now) {
        take(finished_.begin());
    }
}

std::optional<TimePoint> Replays::next_expiry() const noexcept {
    return finished_.empty() ? std::nullopt : std::optional{finished_.front().expires};
}

}  // namespace warren::runtime
