#pragma once

#include "core/keyed_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace warren::transport {

/// What was published on one channel in confirm mode and is not confirmed yet: a ring by publish
/// sequence number.                                              [RabbitMQ publisher confirms]
///
/// A basic.return carries no number. Returns come in the order of publishing, each before its
/// message is confirmed, and carry the message's properties: the number is found by comparing
/// address and correlation id, starting after the last message that came back.
class PublishWindow {
public:
    /// Whose message a slot is, and what finds it.
    struct Message {
        std::uint64_t token = 0;
        std::uint64_t address_hash = 0;  // exchange, routing key, correlation id
        std::uint64_t exchange_hash = 0;
        std::uint64_t body_bytes = 0;
    };

    static std::uint64_t hash_exchange(std::string_view exchange) noexcept {
        return core::KeyedHash{}(exchange);
    }
    static std::uint64_t hash_address(std::uint64_t exchange_hash, std::string_view routing_key,
                                      std::string_view correlation_id) noexcept {
        constexpr std::uint64_t mix = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
        std::uint64_t hash = exchange_hash * mix + core::KeyedHash{}(routing_key);
        hash = hash * mix + core::KeyedHash{}(correlation_id);
        return hash;
    }

    /// in  the numbers follow one another without a gap
    /// cost amortised O(1), no allocation while the window does not grow
    void published(std::uint64_t number, const Message& message) {
        if (next_ - first_ == ring_.size()) {
            grow();
        }
        if (first_ == next_) {
            first_ = next_ = number;
        }
        at(next_++) = {.message = message, .state = State::open};
    }

    /// The broker confirmed a number, or all up to it.
    /// in  hear(token) is called for each message that was not heard of yet
    template <typename Hear>
    void confirmed(std::uint64_t number, bool multiple, Hear hear) {
        if (number < first_ || number >= next_) {
            return;
        }
        for (std::uint64_t each = multiple ? first_ : number; each <= number; ++each) {
            Slot& slot = at(each);
            const State before = slot.state;
            slot.state = State::confirmed;
            if (before == State::open) {
                hear(slot.message.token);
            }
        }
        while (first_ != next_ && at(first_).state == State::confirmed) {
            ++first_;
        }
    }

    /// A message came back; it is heard of by this.
    /// out  its token
    std::optional<std::uint64_t> returned(std::uint64_t address_hash) {
        for (std::uint64_t each = returned_ < first_ ? first_ : returned_ + 1; each < next_;
             ++each) {
            Slot& slot = at(each);
            if (slot.state == State::open && slot.message.address_hash == address_hash) {
                slot.state = State::returned;
                returned_ = each;
                return slot.message.token;
            }
        }
        return std::nullopt;
    }

    /// The channel is gone: give out what was not heard of, in order, and forget everything.
    /// in  hear(message) may publish anew
    template <typename Hear>
    void close(Hear hear) {
        std::vector<Message> open;
        for (std::uint64_t each = first_; each < next_; ++each) {
            if (at(each).state == State::open) {
                open.push_back(at(each).message);
            }
        }
        clear();
        for (const Message& message : open) {
            hear(message);
        }
    }

    void clear() noexcept { first_ = next_ = returned_ = 0; }
    std::size_t size() const noexcept { return next_ - first_; }

private:
    enum class State : std::uint8_t { open, returned, confirmed };

    struct Slot {
        Message message;
        State state = State::confirmed;
    };

    Slot& at(std::uint64_t number) noexcept { return ring_[number & (ring_.size() - 1)]; }

    void grow() {
        std::vector<Slot> larger(ring_.empty() ? slots_min : ring_.size() * 2);
        for (std::uint64_t each = first_; each < next_; ++each) {
            larger[each & (larger.size() - 1)] = at(each);
        }
        ring_.swap(larger);
    }

    static constexpr std::size_t slots_min = 64;  // a power of two, as every later size

    std::vector<Slot> ring_;
    std::uint64_t first_ = 0;  // the oldest that is not confirmed
    std::uint64_t next_ = 0;
    std::uint64_t returned_ = 0;  // the last one that came back
};

}  // namespace warren::transport
