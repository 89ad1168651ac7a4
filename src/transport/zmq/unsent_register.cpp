#include "transport/zmq/unsent_register.hpp"

#include <algorithm>

namespace warren::transport {

std::shared_ptr<ZmqUnsentBytes> ZmqUnsentRegister::of(std::string_view routing_id) {
    if (counts_.size() >= sweep_at_) {
        sweep();
    }
    std::weak_ptr<ZmqUnsentBytes>& known = counts_[std::string{routing_id}];
    std::shared_ptr<ZmqUnsentBytes> count = known.lock();
    if (count == nullptr) {
        count = std::make_shared<ZmqUnsentBytes>(sum_);
        known = count;
    }
    return count;
}

void ZmqUnsentRegister::sweep() {
    std::erase_if(counts_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max(sweep_at_, 2 * counts_.size());
}

}  // namespace warren::transport
