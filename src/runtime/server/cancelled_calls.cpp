#include "runtime/server/cancelled_calls.hpp"

namespace warren::runtime {

void CancelledCalls::add(const Uuid& id, TimePoint expires) {
    if (expires_.insert_or_assign(id, expires).second) {
        order_.push_back(id);
    }
    if (order_.size() > entries_max) {
        forget_oldest();
    }
}

bool CancelledCalls::contains(const Uuid& id, TimePoint now) {
    while (!order_.empty() && expires_.at(order_.front()) <= now) {
        forget_oldest();
    }
    const auto found = expires_.find(id);
    return found != expires_.end() && found->second > now;
}

void CancelledCalls::forget_oldest() {
    expires_.erase(order_.front());
    order_.pop_front();
}

}  // namespace warren::runtime
