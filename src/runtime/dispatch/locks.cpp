#include "runtime/dispatch/locks.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

namespace warren::runtime {
namespace {

// What stands in keys may be kept, and so does not follow from how this program or machine numbers
// anything.
enum class KeyPart : char {
    own = 'O',
    named = 'N',
    null = '0',
    no = 'F',
    yes = 'T',
    signed_integer = 'i',
    unsigned_integer = 'u',
    floating = 'd',
    text = 's',
    bytes = 'b',
    list = 'l',
    map = 'm',
};

void append(KeyPart part, std::string& key) {
    key += static_cast<char>(part);
}

/// The most significant octet first.
void append_number(std::uint64_t number, std::string& key) {
    constexpr int octet_bits = 8;
    for (int shift = 64 - octet_bits; shift >= 0; shift -= octet_bits) {
        key += static_cast<char>(number >> shift);
    }
}

void append_octets(std::string_view octets, std::string& key) {
    append_number(octets.size(), key);
    key += octets;
}

void append_floating(double number, std::string& key) {
    constexpr std::uint64_t any_nan = 0x7FF8'0000'0000'0000;
    append_number(
        std::isnan(number) ? any_nan : std::bit_cast<std::uint64_t>(number == 0.0 ? 0.0 : number),
        key);
}

void append_value(const Value& value, std::string& key);

void append_map(std::span<const Member> map, std::string& key) {
    std::vector<std::string> members;
    members.reserve(map.size());
    for (const Member& member : map) {
        append_value(member.key, members.emplace_back());
        append_value(member.value, members.back());
    }
    std::ranges::sort(members);
    append_number(members.size(), key);
    for (const std::string& member : members) {
        key += member;
    }
}

// Each value says its kind, and how long it is where that varies, so that no two values that
// differ are written alike.
void append_value(const Value& value, std::string& key) {
    switch (value.kind()) {
    case Value::Kind::null:
        return append(KeyPart::null, key);
    case Value::Kind::boolean:
        return append(value.as_boolean() ? KeyPart::yes : KeyPart::no, key);
    case Value::Kind::int64:
        append(KeyPart::signed_integer, key);
        return append_number(value.as_uint64(), key);
    case Value::Kind::uint64:
        append(KeyPart::unsigned_integer, key);
        return append_number(value.as_uint64(), key);
    case Value::Kind::float64:
        append(KeyPart::floating, key);
        return append_floating(value.as_float64(), key);
    case Value::Kind::text:
        append(KeyPart::text, key);
        return append_octets(value.as_text(), key);
    case Value::Kind::bytes:
        append(KeyPart::bytes, key);
        return append_octets(
            {reinterpret_cast<const char*>(value.as_bytes().data()), value.as_bytes().size()}, key);
    case Value::Kind::list:
        append(KeyPart::list, key);
        append_number(value.as_list().size(), key);
        for (const Value& item : value.as_list()) {
            append_value(item, key);
        }
        return;
    case Value::Kind::map:
        append(KeyPart::map, key);
        return append_map(value.as_map(), key);
    }
}

}  // namespace

void write_lock_key(const Method& method, const Value* value, std::string& key) {
    key.clear();
    if (method.lock_name.empty()) {
        append(KeyPart::own, key);
        append_number(reinterpret_cast<std::uintptr_t>(&method), key);
    } else {
        append(KeyPart::named, key);
        append_octets(method.lock_name, key);
    }
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
