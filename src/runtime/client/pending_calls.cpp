#include "runtime/client/pending_calls.hpp"

#include <bit>

namespace warren::runtime {
namespace {

// The octets of a UUID that a token is mixed into: none of those that hold version and variant.
// [RFC 4122 section 4.1.1, 4.1.3]
constexpr std::size_t slot_offset = 0;
constexpr std::size_t generation_offset = 12;

std::uint32_t slot_of(PendingCalls::Token token) noexcept {
    return static_cast<std::uint32_t>(token);
}

void mix(Uuid& uuid, std::size_t offset, std::uint32_t number) noexcept {
    for (std::size_t index = 0; index < 4; ++index) {
        uuid.octets[offset + index] ^= static_cast<std::uint8_t>(number >> (8 * index));
    }
}

std::uint32_t unmix(const Uuid& mixed, const Uuid& random, std::size_t offset) noexcept {
    std::uint32_t number = 0;
    for (std::size_t index = 0; index < 4; ++index) {
        const std::uint32_t octet = mixed.octets[offset + index] ^ random.octets[offset + index];
        number |= octet << (8 * index);
    }
    return number;
}

}  // namespace

PendingCalls::PendingCalls(const std::array<std::uint8_t, 16>& random) noexcept
    : random_{core::uuid_from_random(random)} {}

PendingCalls::Token PendingCalls::add(ClientCall& call, TimePoint deadline) {
    const bool is_in_order = last_ == no_slot || slots_[last_].deadline <= deadline;
    if (!is_in_order) {
        heap_.reserve(std::bit_ceil(heap_.size() + 1));
    }
    if (first_free_ == no_slot) {
        slots_.push_back({.index = no_slot});
        first_free_ = static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t index = first_free_;
    Slot& slot = slots_[index];
    first_free_ = slot.index;
    slot.call = &call;
    slot.deadline = deadline;
    ++size_;
    if (is_in_order) {
        append(index);
    } else {
        heap_.emplace_back();
        sift_up(static_cast<std::uint32_t>(heap_.size() - 1), {deadline, index});
    }
    return token_of(index);
}

void PendingCalls::remove(Token token) noexcept {
    const std::uint32_t index = slot_of(token);
    Slot& slot = slots_[index];
    if (slot.index == no_slot) {
        unlink(slot);
    } else {
        remove_from_heap(slot.index);
    }
    --size_;
    slot.call = nullptr;
    count_use(slot);
    slot.index = first_free_;
    first_free_ = index;
}

void PendingCalls::count_use(Slot& slot) noexcept {
    if (++slot.generation == 0) {
        slot.generation = 1;  // so that no token is 0
    }
}

PendingCalls::Token PendingCalls::renew(Token token) noexcept {
    const std::uint32_t slot = slot_of(token);
    count_use(slots_[slot]);
    return token_of(slot);
}

PendingCalls::Token PendingCalls::successor_of(Token token) const noexcept {
    const std::uint32_t slot = slot_of(token);
    return slot < slots_.size() && slots_[slot].call != nullptr ? token_of(slot) : 0;
}

void PendingCalls::append(std::uint32_t index) noexcept {
    Slot& slot = slots_[index];
    slot.index = no_slot;
    slot.previous = last_;
    slot.next = no_slot;
    (last_ != no_slot ? slots_[last_].next : first_) = index;
    last_ = index;
}

void PendingCalls::unlink(const Slot& slot) noexcept {
    (slot.previous != no_slot ? slots_[slot.previous].next : first_) = slot.next;
    (slot.next != no_slot ? slots_[slot.next].previous : last_) = slot.previous;
}

void PendingCalls::remove_from_heap(std::uint32_t index) noexcept {
    const Deadline moved = heap_.back();
    heap_.pop_back();
    if (index < heap_.size()) {
        if (index > 0 && moved.when < heap_[(index - 1) / 2].when) {
            sift_up(index, moved);
        } else {
            sift_down(index, moved);
        }
    }
}

ClientCall* PendingCalls::find(Token token) const noexcept {
    const std::uint32_t slot = slot_of(token);
    if (slot >= slots_.size() || slots_[slot].generation != token >> 32) {
        return nullptr;
    }
    return slots_[slot].call;
}

PendingCalls::Token PendingCalls::find_correlation(std::string_view correlation_id) const noexcept {
    const std::optional<Uuid> uuid = Uuid::parse(correlation_id);
    if (!uuid) {
        return 0;
    }
    const std::uint32_t slot = unmix(*uuid, random_, slot_offset);
    const Token generation = unmix(*uuid, random_, generation_offset);
    const Token token = generation << 32 | slot;
    // Held against the whole id: the octets between are as much a part of it.
    return find(token) != nullptr && uuid_of(token) == *uuid ? token : 0;
}

PendingCalls::CorrelationText PendingCalls::correlation_of(Token token) const noexcept {
    CorrelationText text;
    core::format_uuid(uuid_of(token), text.data());
    return text;
}

TimePoint PendingCalls::deadline_of(Token token) const noexcept {
    return slots_[slot_of(token)].deadline;
}

std::uint32_t PendingCalls::earliest() const noexcept {
    if (heap_.empty()) {
        return first_;
    }
    return first_ != no_slot && slots_[first_].deadline <= heap_.front().when ? first_
                                                                              : heap_.front().slot;
}

std::optional<TimePoint> PendingCalls::next_deadline() const noexcept {
    const std::uint32_t first = earliest();
    return first == no_slot ? std::nullopt : std::optional{slots_[first].deadline};
}

PendingCalls::Token PendingCalls::first_due(TimePoint now) const noexcept {
    const std::uint32_t first = earliest();
    return first == no_slot || slots_[first].deadline > now ? 0 : token_of(first);
}

PendingCalls::Token PendingCalls::token_of(std::uint32_t slot) const noexcept {
    return Token{slots_[slot].generation} << 32 | slot;
}

Uuid PendingCalls::uuid_of(Token token) const noexcept {
    Uuid uuid = random_;
    mix(uuid, slot_offset, slot_of(token));
    mix(uuid, generation_offset, static_cast<std::uint32_t>(token >> 32));
    return uuid;
}

void PendingCalls::put(std::uint32_t index, const Deadline& deadline) noexcept {
    heap_[index] = deadline;
    slots_[deadline.slot].index = index;
}

void PendingCalls::sift_up(std::uint32_t index, const Deadline& deadline) noexcept {
    while (index > 0) {
        const std::uint32_t parent = (index - 1) / 2;
        if (heap_[parent].when <= deadline.when) {
            break;
        }
        put(index, heap_[parent]);
        index = parent;
    }
    put(index, deadline);
}

void PendingCalls::sift_down(std::uint32_t index, const Deadline& deadline) noexcept {
    const std::size_t size = heap_.size();
    for (std::size_t child = std::size_t{index} * 2 + 1; child < size;
         child = std::size_t{index} * 2 + 1) {
        if (child + 1 < size && heap_[child + 1].when < heap_[child].when) {
            ++child;
        }
        if (deadline.when <= heap_[child].when) {
            break;
        }
        put(index, heap_[child]);
        index = static_cast<std::uint32_t>(child);
    }
    put(index, deadline);
}

}  // namespace warren::runtime
