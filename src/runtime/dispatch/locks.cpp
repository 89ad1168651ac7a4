#include "runtime/dispatch/locks.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <vector>

namespace warren::runtime {
namespace {

template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
void append_number(Number number, std::string& key) {
    char octets[sizeof number];
    std::memcpy(octets, &number, sizeof number);
    key.append(octets, sizeof octets);
}

// Each value says its kind, and how long it is where that varies, so that no two values that
// differ are written alike.
void append_value(const Value& value, std::string& key) {
    key += static_cast<char>(value.kind());
    switch (value.kind()) {
    case Value::Kind::null:
        return;
    case Value::Kind::boolean:
        key += value.as_boolean() ? '1' : '0';
        return;
    case Value::Kind::int64:
        append_number(value.as_int64(), key);
        return;
    case Value::Kind::uint64:
        append_number(value.as_uint64(), key);
        return;
    case Value::Kind::float64:
        append_number(value.as_float64() == 0.0        ? 0.0
                      : std::isnan(value.as_float64()) ? std::numeric_limits<double>::quiet_NaN()
                                                       : value.as_float64(),
                      key);
        return;
    case Value::Kind::text:
        append_number(value.as_text().size(), key);
        key += value.as_text();
        return;
    case Value::Kind::bytes:
        append_number(value.as_bytes().size(), key);
        key.append(reinterpret_cast<const char*>(value.as_bytes().data()), value.as_bytes().size());
        return;
    case Value::Kind::list:
        append_number(value.as_list().size(), key);
        for (const Value& item : value.as_list()) {
            append_value(item, key);
        }
        return;
    case Value::Kind::map: {
        std::vector<std::string> members;
        members.reserve(value.as_map().size());
        for (const Member& member : value.as_map()) {
            append_value(member.key, members.emplace_back());
            append_value(member.value, members.back());
        }
        std::ranges::sort(members);
        append_number(members.size(), key);
        for (const std::string& member : members) {
            key += member;
        }
        return;
    }
    }
}

}  // namespace

void write_lock_key(const Method& method, const Value* value, std::string& key) {
    key.clear();
    append_number(reinterpret_cast<std::uintptr_t>(&method), key);
    if (value != nullptr) {
        append_value(*value, key);
    }
}

LockTable::~LockTable() {
    WARREN_ASSERT(entries_.empty());
}

LockTable::Outcome LockTable::acquire(LockTicket& ticket, std::string_view key,
                                      Admission admission) {
    const std::lock_guard guard{mutex_};
    WARREN_ASSERT(ticket.entry_ == nullptr);
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        const auto made = entries_.emplace(std::string{key}, LockEntry{}).first;
        made->second.key = made->first;
        ticket.entry_ = &made->second;
        return Outcome::held;
    }
    if (admission == Admission::limited && waiters() >= waiters_max_) {
        return Outcome::refused;
    }
    LockEntry& entry = found->second;
    ticket.entry_ = &entry;
    ticket.waits_ = true;
    ticket.next_ = nullptr;
    ticket.previous_ = entry.last_waiter;
    (entry.last_waiter == nullptr ? entry.first_waiter : entry.last_waiter->next_) = &ticket;
    entry.last_waiter = &ticket;
    waiters_.fetch_add(1, std::memory_order_relaxed);
    return Outcome::waits;
}

LockTicket* LockTable::release(LockTicket& holder) {
    const std::lock_guard guard{mutex_};
    LockEntry* const entry = holder.entry_;
    WARREN_ASSERT(entry != nullptr && !holder.waits_);
    holder.entry_ = nullptr;
    if (LockTicket* const next = entry->first_waiter) {
        unlink(*next);
        next->entry_ = entry;
        return next;
    }
    entries_.erase(entries_.find(entry->key));
    // A table that was once big gives its memory back; small ones are left alone.
    constexpr std::size_t buckets_kept = 64;
    if (entries_.bucket_count() > buckets_kept && entries_.size() < entries_.bucket_count() / 8) {
        entries_.rehash(entries_.size() * 2);
    }
    return nullptr;
}

bool LockTable::remove(LockTicket& waiter) {
    const std::lock_guard guard{mutex_};
    if (!waiter.waits_) {
        return false;
    }
    unlink(waiter);
    return true;
}

void LockTable::unlink(LockTicket& waiter) noexcept {
    LockEntry& entry = *waiter.entry_;
    (waiter.previous_ == nullptr ? entry.first_waiter : waiter.previous_->next_) = waiter.next_;
    (waiter.next_ == nullptr ? entry.last_waiter : waiter.next_->previous_) = waiter.previous_;
    waiter.entry_ = nullptr;
    waiter.next_ = nullptr;
    waiter.previous_ = nullptr;
    waiter.waits_ = false;
    waiters_.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t LockTable::size() const {
    const std::lock_guard guard{mutex_};
    return entries_.size();
}

}  // namespace warren::runtime
