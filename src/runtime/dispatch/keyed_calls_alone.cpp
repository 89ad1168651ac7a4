#include "runtime/dispatch/keyed_calls.hpp"

#include <algorithm>
#include <utility>

// A call whose earlier attempt ended with its process may be what ended it: it runs alone, so that
// what runs beside it loses no attempt. Its claim is let go, what comes is held back, what is begun
// ends; then it is claimed again, which shows that the store has all that before.
namespace warren::runtime {

void KeyedCalls::ask(Entry& entry, const Parked& parked) {
    if (is_isolating_) [[unlikely]] {
        return hold_back({entry.first, parked});
    }
    send_claim(entry, parked);
}

void KeyedCalls::send_claim(Entry& entry, const Parked& parked) {
    entry.second.is_begun = true;
    ++begun_;
    store_.claim(entry.second.request,
                 [this, key = entry.first, parked](std::expected<store::Claimed, Failure> outcome) {
                     claimed(key, parked, std::move(outcome));
                 });
}

/// out  false: it may begin now, or never
bool KeyedCalls::hold_if_suspect(const std::string& key, const Parked& parked,
                                 const store::Claimed& claimed) {
    const std::lock_guard guard{mutex_};
    const auto found = running_.find(key);
    if (found == running_.end() || claimed.crashes >= found->second.attempts_max || key == alone_) {
        return false;  // without a limit nothing is suspect
    }
    store_.let_go({key, claimed.attempt}, store::LetGo::undone);
    is_isolating_ = true;
    suspects_.push_back({key, parked});
    end_begun(found->second);
    step_isolation();
    return true;
}

void KeyedCalls::hold_back(HeldBack held) {
    constexpr std::size_t unswept_min = 64;
    if (held_back_.size() >= std::max(sweep_at_, unswept_min)) {
        // Those whose deadlines have passed are forgotten, in constant time for each that comes.
        std::erase_if(held_back_,
                      [&](HeldBack& each) { return next_of(each.key, each.parked) == nullptr; });
        sweep_at_ = held_back_.size() * 2;
    }
    held_back_.push_back(std::move(held));
}

void KeyedCalls::end_begun(Running& running) noexcept {
    if (std::exchange(running.is_begun, false)) {
        --begun_;
    }
}

/// Go on with the next suspect, or with all that was held back, once nothing is begun.
void KeyedCalls::step_isolation() {
    if (!is_isolating_ || begun_ != 0) [[likely]] {
        return;
    }
    alone_.clear();
    while (!suspects_.empty()) {
        HeldBack next = std::move(suspects_.front());
        suspects_.pop_front();
        if (Entry* const entry = next_of(next.key, next.parked)) {
            alone_ = next.key;
            return send_claim(*entry, next.parked);
        }
    }
    is_isolating_ = false;
    sweep_at_ = 0;
    for (HeldBack& held : std::exchange(held_back_, {})) {
        if (Entry* const entry = next_of(held.key, held.parked)) {
            send_claim(*entry, held.parked);
        }
    }
}

}  // namespace warren::runtime
