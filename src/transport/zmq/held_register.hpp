#pragma once

#include "core/keyed_hash.hpp"
#include "transport/zmq/held_bytes.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::transport {

/// What ZeroMQ holds of a ROUTER's output, by routing id: a peer that is forgotten and made anew,
/// or that comes in many envelopes, has one count.          thread the I/O thread
class ZmqHeldRegister {
public:
    std::shared_ptr<ZmqHeldBytes> of(std::string_view routing_id);
    std::size_t sum() const noexcept { return sum_->load(std::memory_order_relaxed); }

private:
    void sweep();

    const ZmqHeldBytes::Sum sum_ = std::make_shared<std::atomic<std::size_t>>(0);
    // Gone when neither a peer nor a message that waits is there.
    std::unordered_map<std::string, std::weak_ptr<ZmqHeldBytes>, core::KeyedHash> counts_;
    std::size_t sweep_at_ = 1'024;
};

}  // namespace warren::transport
