#pragma once

#include <warren/types.hpp>

#include "core/uuid.hpp"
#include "runtime/executor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace warren::runtime {

class ClientCall;

/// The calls of a client that are not over: a table of slots, each call known by a token that holds
/// its slot and how often that slot was used, and the order of their deadlines. Calls with the same
/// time-out come in that order already and stand in a list; those whose deadline is before the one
/// that came last, in a heap.
///
/// The correlation id is the token mixed with random octets, in the form of a UUID, because that is
/// what peers expect: found without searching, and not to be guessed by who sees none of them.
/// thread one
class PendingCalls {
public:
    using Token = std::uint64_t;  // never 0

    /// in  random octets of this client's own
    explicit PendingCalls(const std::array<std::uint8_t, 16>& random) noexcept;

    /// cost O(1) where deadlines come in order, else O(log n) of those that do not; no allocation
    /// in a steady state
    Token add(ClientCall& call, TimePoint deadline);
    /// in  a token of a call that is not over
    void remove(Token token) noexcept;

    /// Give a call that is not over a new token, and so a new correlation id: what comes for the
    /// one before is nobody's from now on.
    /// out  the new one
    Token renew(Token token) noexcept;

    /// out  nullptr when that call is over
    ClientCall* find(Token token) const noexcept;
    /// out  the token of the call that has the same slot now; 0: none has it
    Token successor_of(Token token) const noexcept;
    /// out  0 when no call that is not over has this correlation id
    Token find_correlation(std::string_view correlation_id) const noexcept;

    using CorrelationText = std::array<char, core::uuid_text_size>;
    CorrelationText correlation_of(Token token) const noexcept;
    TimePoint deadline_of(Token token) const noexcept;

    std::optional<TimePoint> next_deadline() const noexcept;
    /// A call whose deadline has come, the earliest first; 0: none.
    Token first_due(TimePoint now) const noexcept;

    std::size_t size() const noexcept { return size_; }
    /// Visit every call; the visitor may remove it, and others.
    template <typename Visitor>
    void each(Visitor visitor) {
        for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
            if (slots_[slot].call != nullptr) {
                visit(slot, visitor);
            }
        }
    }

private:
    struct Slot {
        ClientCall* call = nullptr;
        std::uint32_t generation = 1;
        std::uint32_t index = 0;  // in the heap, or no_slot; of a free slot: the next free one
        TimePoint deadline{};
        // In the list; no_slot at its ends.
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
    };
    struct Deadline {
        TimePoint when;
        std::uint32_t slot;
    };

    template <typename Visitor>
    void visit(std::size_t slot, Visitor& visitor) {
        visitor(token_of(static_cast<std::uint32_t>(slot)), *slots_[slot].call);
    }

    Token token_of(std::uint32_t slot) const noexcept;
    static void count_use(Slot& slot) noexcept;
    Uuid uuid_of(Token token) const noexcept;
    /// The call whose deadline is the earliest; no_slot: none.
    std::uint32_t earliest() const noexcept;
    void append(std::uint32_t slot) noexcept;
    void unlink(const Slot& slot) noexcept;
    void remove_from_heap(std::uint32_t index) noexcept;
    void put(std::uint32_t index, const Deadline& deadline) noexcept;
    void sift_up(std::uint32_t index, const Deadline& deadline) noexcept;
    void sift_down(std::uint32_t index, const Deadline& deadline) noexcept;

    static constexpr std::uint32_t no_slot = 0xFFFFFFFF;

    std::vector<Slot> slots_;
    std::uint32_t first_free_ = no_slot;
    std::size_t size_ = 0;
    std::uint32_t first_ = no_slot;  // of the list
    std::uint32_t last_ = no_slot;
    std::vector<Deadline> heap_;  // the earliest first
    Uuid random_{};
};

}  // namespace warren::runtime
