#include "runtime/server/cancelled_calls.hpp"

namespace warren::runtime {

void CancelledCalls::add(const Uuid& id, std::string_view user_id, TimePoint expires) {
    if (calls_.insert_or_assign(id, Cancelled{std::string{user_id}, expires}).second) {
        order_.push_back(id);
    }
    if (order_.size() > entries_max) {
        forget_oldest();
    }
}

bool CancelledCalls::contains(const Uuid& id, std::string_view user_id, TimePoint now) {
    while (!order_.empty() && calls_.at(order_.front()).expires <= now) {
        forget_oldest();
    }
    const auto found = calls_.find(id);
    return found != calls_.end() && found->second.expires > now &&
           (user_id.empty() || found->second.user_id == user_id);
}

void CancelledCalls::forget_oldest() {
    calls_.erase(order_.front());
    order_.pop_front();
}

}  // namespace warren::runtime
