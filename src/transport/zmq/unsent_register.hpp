#pragma once

#include "core/keyed_hash.hpp"
#include "transport/zmq/unsent_bytes.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::transport {

/// What ZeroMQ holds of a ROUTER's output, by routing id: a peer that is forgotten and made anew,
/// or that comes in many envelopes, has one count.          thread the I/O thread
class ZmqUnsentRegister {
public:
    std::shared_ptr<ZmqUnsentBytes> of(std::string_view routing_id);
    std::size_t sum() const noexcept { return sum_->load(std::memory_order_relaxed); }

private:
    void sweep();

    const ZmqUnsentBytes::Sum sum_ = std::make_shared<std::atomic<std::size_t>>(0);
    // Gone when neither a peer nor a message that waits is there.
    std::unordered_map<std::string, std::weak_ptr<ZmqUnsentBytes>, core::KeyedHash> counts_;
    std::size_t sweep_at_ = 1'024;
};

}  // namespace warren::transport
