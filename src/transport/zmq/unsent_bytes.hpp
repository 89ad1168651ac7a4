#pragma once

#include "transport/zmq/socket.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace warren::transport {

/// The bytes that were sent to one peer and that ZeroMQ still holds, as the network has not taken
/// them yet; a little less than that. ZeroMQ itself limits messages only, not their bytes.
class ZmqUnsentBytes {
public:
    /// Of all peers of a port.
    using Sum = std::shared_ptr<std::atomic<std::size_t>>;

    explicit ZmqUnsentBytes(Sum sum) noexcept : sum_{std::move(sum)} {}
    ZmqUnsentBytes(const ZmqUnsentBytes&) = delete;
    ZmqUnsentBytes& operator=(const ZmqUnsentBytes&) = delete;

    // thread any

    std::size_t get() const noexcept { return bytes_.load(std::memory_order_relaxed); }
    std::size_t sum() const noexcept { return sum_->load(std::memory_order_relaxed); }
    void add(std::size_t bytes) noexcept {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
        sum_->fetch_add(bytes, std::memory_order_relaxed);
    }

    // thread the I/O thread

    /// Begin a message: as they leave in order, one is counted for several small ones before it.
    /// out  the bytes that it is to be counted for; 0: it is not, yet
    std::size_t begin(std::size_t message_bytes) noexcept;

private:
    std::atomic<std::size_t> bytes_ = 0;
    const Sum sum_;
    std::size_t uncounted_ = 0;
};

/// Send the last frame of a message, which is counted until ZeroMQ has no more use for it.
ZmqSocket::Sent send_counted(ZmqSocket& socket, std::span<const char> frame,
                             const std::shared_ptr<ZmqUnsentBytes>& unsent);

}  // namespace warren::transport
