#pragma once

#include "protocol/stream_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace warren::runtime {

/// The calls whose answers one connection awaits, by the ids they bear on the wire. Ids are
/// numbered through and come again only after all others, so that a late or second answer meets no
/// other call; the id of a call that is still awaited is left out, however slow it is.
/// thread one
class CallSlots {
public:
    /// What no awaited call has, where there are ids; so one-way calls bear it.
    static constexpr std::uint32_t no_id = 0;

    struct Slot {
        std::uint64_t token = 0;  // of the client's call; 0: free
        protocol::StreamTicket ticket{};
    };

    /// in   last_id: the one before the first. In a protocol without ids each is 0, and one call is
    ///      awaited at a time.
    explicit CallSlots(protocol::ResponseOrder order, std::uint32_t last_id = 0) noexcept
        : order_{order}, last_id_{last_id} {}

    /// out  a slot with a new ticket, until the next `add`
    /// cost O(1) on the average; no allocation in a steady state
    Slot& add(std::uint64_t token);
    /// out  nullptr when nobody awaits this id
    Slot* find(std::uint32_t id) noexcept;
    void remove(Slot& slot) noexcept;

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    /// Take all out, one after the other. The visitor may remove others.
    template <typename Visitor>
    void drain(Visitor visitor) {
        for (std::size_t at = 0; at < slots_.size() && size_ != 0; ++at) {
            if (const std::uint64_t token = slots_[at].token; token != 0) {
                remove(slots_[at]);
                visitor(token);
            }
        }
    }

private:
    void grow();
    std::size_t index_of(std::uint32_t id) const noexcept { return id & (slots_.size() - 1); }

    static constexpr std::size_t slots_min = 16;

    const protocol::ResponseOrder order_;
    std::uint32_t last_id_;
    std::vector<Slot> slots_{};  // a power of two of them, half of them free; by the id's low bits
    std::size_t size_ = 0;
};

}  // namespace warren::runtime
