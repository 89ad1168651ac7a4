#include "runtime/timers.hpp"

#include <utility>

namespace warren::runtime {

bool Timers::before(std::uint32_t left, std::uint32_t right) const noexcept {
    const Slot& first = slots_[left];
    const Slot& second = slots_[right];
    return first.when != second.when ? first.when < second.when : first.order < second.order;
}

void Timers::put(std::uint32_t heap_index, std::uint32_t slot) noexcept {
    heap_[heap_index] = slot;
    slots_[slot].heap_index = heap_index;
}

void Timers::sift_up(std::uint32_t heap_index) noexcept {
    const std::uint32_t slot = heap_[heap_index];
    while (heap_index > 0) {
        const std::uint32_t parent = (heap_index - 1) / 2;
        if (!before(slot, heap_[parent])) {
            break;
        }
        put(heap_index, heap_[parent]);
        heap_index = parent;
    }
    put(heap_index, slot);
}

void Timers::sift_down(std::uint32_t heap_index) noexcept {
    const std::uint32_t slot = heap_[heap_index];
    const auto count = static_cast<std::uint32_t>(heap_.size());
    for (std::uint32_t child = 2 * heap_index + 1; child < count; child = 2 * heap_index + 1) {
        if (child + 1 < count && before(heap_[child + 1], heap_[child])) {
            ++child;
        }
        if (!before(heap_[child], slot)) {
            break;
        }
        put(heap_index, heap_[child]);
        heap_index = child;
    }
    put(heap_index, slot);
}

Timers::Id Timers::add(TimePoint when, Function function) {
    if (free_.empty()) {
        slots_.emplace_back();
        // Room to free every slot, so that `cancel` never allocates.
        free_.reserve(slots_.capacity());
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t index = free_.back();
    heap_.push_back(index);
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.when = when;
    slot.order = ++added_;
    slot.function = std::move(function);
    sift_up(static_cast<std::uint32_t>(heap_.size() - 1));
    return (Id{slot.generation} << 32) | index;
}

Timers::Function Timers::take(std::uint32_t index) noexcept {
    Slot& slot = slots_[index];
    const std::uint32_t heap_index = slot.heap_index;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (last != index) {
        put(heap_index, last);
        sift_up(heap_index);
        sift_down(slots_[last].heap_index);
    }
    if (++slot.generation == 0) {
        slot.generation = 1;
    }
    free_.push_back(index);
    return std::exchange(slot.function, nullptr);
}

bool Timers::cancel(Id timer) noexcept {
    const auto index = static_cast<std::uint32_t>(timer);
    const auto generation = static_cast<std::uint32_t>(timer >> 32);
    // Between its run and its next use a slot's generation is one that no timer has.
    if (index >= slots_.size() || slots_[index].generation != generation) {
        return false;
    }
    take(index);
    return true;
}

std::optional<Timers::TimePoint> Timers::next_deadline() const noexcept {
    return heap_.empty() ? std::nullopt : std::optional{slots_[heap_.front()].when};
}

std::size_t Timers::run_due(TimePoint now) {
    const std::uint64_t added_before = added_;
    std::size_t ran = 0;
    while (!heap_.empty() && slots_[heap_.front()].when <= now &&
           slots_[heap_.front()].order <= added_before) {
        Function function = take(heap_.front());
        ++ran;
        function();
    }
    return ran;
}

}  // namespace warren::runtime
