#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <zmq.hpp>

namespace warren::transport {

/// The bytes that were sent to one peer and that ZeroMQ still holds, as the network has not taken
/// them yet. ZeroMQ itself limits messages only, not their bytes.          thread any
class ZmqHeldBytes {
public:
    /// Of all peers of a port.
    using Sum = std::shared_ptr<std::atomic<std::size_t>>;

    explicit ZmqHeldBytes(Sum sum) noexcept : sum_{std::move(sum)} {}
    ZmqHeldBytes(const ZmqHeldBytes&) = delete;
    ZmqHeldBytes& operator=(const ZmqHeldBytes&) = delete;

    std::size_t get() const noexcept { return bytes_.load(std::memory_order_relaxed); }
    std::size_t sum() const noexcept { return sum_->load(std::memory_order_relaxed); }
    void add(std::size_t bytes) noexcept {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
        sum_->fetch_add(bytes, std::memory_order_relaxed);
    }

private:
    std::atomic<std::size_t> bytes_ = 0;
    const Sum sum_;
};

/// Copy a message into a frame, which is counted until ZeroMQ has no more use for it. What is as
/// short as ZeroMQ keeps it in its queue is not.
zmq::message_t copy(std::span<const char> message, const std::shared_ptr<ZmqHeldBytes>& held);

}  // namespace warren::transport
