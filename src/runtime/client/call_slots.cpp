#include "runtime/client/call_slots.hpp"

#include <utility>

namespace warren::runtime {

CallSlots::Slot& CallSlots::add(std::uint64_t token) {
    if (size_ * 2 >= slots_.size()) {
        grow();
    }
    std::uint32_t id = no_id;
    if (order_ == protocol::ResponseOrder::any) {
        do {
            id = ++last_id_;
        } while (id == no_id || slots_[index_of(id)].token != 0);
    }
    ++size_;
    Slot& slot = slots_[index_of(id)];
    slot = {.token = token, .ticket = {.id = id}};
    return slot;
}

CallSlots::Slot* CallSlots::find(std::uint32_t id) noexcept {
    if (size_ == 0) {
        return nullptr;
    }
    Slot& slot = slots_[index_of(id)];
    return slot.token != 0 && slot.ticket.id == id ? &slot : nullptr;
}

void CallSlots::remove(Slot& slot) noexcept {
    slot.token = 0;
    --size_;
}

void CallSlots::grow() {
    const std::vector<Slot> before =
        std::exchange(slots_, std::vector<Slot>(slots_.empty() ? slots_min : slots_.size() * 2));
    for (const Slot& slot : before) {
        if (slot.token != 0) {
            slots_[index_of(slot.ticket.id)] = slot;
        }
    }
}

}  // namespace warren::runtime
