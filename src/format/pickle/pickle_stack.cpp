#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace warren::format {
namespace {

/// A place of the memo at which nothing was put.
constexpr PickleValue nothing_put = PickleValue::callable(SIZE_MAX);

bool is_nothing_put(PickleValue value) noexcept {
    return value.is(PickleValue::Kind::callable) && value.as_callable() == SIZE_MAX;
}

}  // namespace

bool PickleMachine::push(PickleValue value) {
    if (pushed_ == pushed_max_) {
        return refuse("count_over_limit", fmt::format("more than {} values on the way to no more "
                                                      "than {}",
                                                      pushed_max_, limits_.value_count_max));
    }
    ++pushed_;
    stack_.push_back(value);
    return true;
}

bool PickleMachine::mark() {
    marks_.push_back(stack_.size());
    return push(PickleValue::none()) && (stack_.pop_back(), true);
}

bool PickleMachine::peek(PickleValue& value) {
    if (stack_.size() == (marks_.empty() ? 0 : marks_.back())) {
        return invalid("a value is missing on the stack");
    }
    value = stack_.back();
    return true;
}

bool PickleMachine::pop(PickleValue& value) {
    return peek(value) && (stack_.pop_back(), true);
}

bool PickleMachine::pop_or_unmark() {
    if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
        return true;
    }
    PickleValue dropped;
    return pop(dropped);
}

/// out  viewing the stack, so until it changes
bool PickleMachine::since_mark(Items& items) {
    if (marks_.empty()) {
        return invalid("a mark is missing on the stack");
    }
    items = Items{stack_}.subspan(marks_.back());
    return true;
}

void PickleMachine::drop_since_mark() {
    stack_.resize(marks_.back());
    marks_.pop_back();
}

bool PickleMachine::make(Kind kind, std::size_t items) {
    std::array<PickleValue, 3> taken;
    for (std::size_t at = items; at != 0; --at) {
        if (!pop(taken[at - 1])) {
            return false;
        }
    }
    return push(PickleValue::of(kind, Items{taken}.first(items), arena_));
}

bool PickleMachine::make_since_mark(Kind kind) {
    Items items;
    if (!since_mark(items)) {
        return false;
    }
    if (kind == Kind::dict && items.size() % 2 != 0) {
        return invalid("a key without a value");
    }
    const PickleValue made = PickleValue::of(kind, items, arena_);
    drop_since_mark();
    return push(made);
}

bool PickleMachine::add(Kind kind, std::size_t items) {
    std::array<PickleValue, 2> taken;
    for (std::size_t at = items; at != 0; --at) {
        if (!pop(taken[at - 1])) {
            return false;
        }
    }
    PickleValue target;
    if (!peek(target)) {
        return false;
    }
    if (!target.is(kind)) {
        return refuse_target(kind, target);
    }
    extend(target.parts(), Items{taken}.first(items));
    return true;
}

bool PickleMachine::add_since_mark(Kind kind) {
    Items items;
    if (!since_mark(items)) {
        return false;
    }
    if (kind == Kind::dict && items.size() % 2 != 0) {
        return invalid("a key without a value");
    }
    const std::size_t fence = marks_.size() == 1 ? 0 : marks_[marks_.size() - 2];
    if (marks_.back() == fence) {
        return invalid("a value is missing on the stack");
    }
    const PickleValue target = stack_[marks_.back() - 1];
    if (!target.is(kind)) {
        return refuse_target(kind, target);
    }
    extend(target.parts(), items);
    drop_since_mark();
    return true;
}

bool PickleMachine::refuse_target(Kind wanted, PickleValue target) {
    return refuse("pickle_opcode_refused", fmt::format("items of a {} are added to a {}",
                                                       name_of(wanted), name_of(target.kind())));
}

void PickleMachine::extend(PickleParts& parts, Items items) {
    const std::size_t size = parts.size + items.size();
    if (size > parts.room) {
        const std::span<PickleValue> moved =
            arena_.array<PickleValue>(std::max(size, std::size_t{parts.room} * 2));
        std::copy_n(parts.items, parts.size, moved.begin());
        parts.items = moved.data();
        parts.room = static_cast<std::uint32_t>(moved.size());
    }
    std::ranges::copy(items, parts.items + parts.size);
    parts.size = static_cast<std::uint32_t>(size);
}

bool PickleMachine::remember(std::uint64_t index) {
    PickleValue value;
    if (!peek(value)) {
        return false;
    }
    if (index >= limits_.memo_count_max) {
        return refuse("memo_over_limit",
                      fmt::format("a memo of more than {} values", limits_.memo_count_max));
    }
    // Python counts its places from 0 or 1, so a place has at least as many bytes before it.
    if (index > at_ + UINT8_MAX) {
        return refuse("memo_over_limit", "a memo's place is far from any other");
    }
    if (index >= memo_.size()) {
        memo_.resize(static_cast<std::size_t>(index) + 1, nothing_put);
    }
    memo_[static_cast<std::size_t>(index)] = value;
    return true;
}

bool PickleMachine::recall(std::uint64_t index) {
    if (index >= memo_.size() || is_nothing_put(memo_[static_cast<std::size_t>(index)])) {
        return invalid("nothing was put at a memo's place");
    }
    return push(memo_[static_cast<std::size_t>(index)]);
}

}  // namespace warren::format
