#include "transport/zmq/unsent_bytes.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace warren::transport {
namespace {

// What ZeroMQ needs for a message beside its bytes, about.
constexpr std::size_t message_overhead = 64;
constexpr std::size_t uncounted_bytes_max = 4'096;

/// What stands before the bytes of a message that is counted.
struct Head {
    std::shared_ptr<ZmqUnsentBytes> unsent;
    std::size_t counted_bytes;
};

void let_go(void*, void* hint) noexcept {
    auto* const head = static_cast<Head*>(hint);
    head->unsent->add(0 - head->counted_bytes);
    head->~Head();
    ::operator delete(hint);
}

}  // namespace

std::size_t ZmqUnsentBytes::begin(std::size_t message_bytes) noexcept {
    uncounted_ += message_bytes + message_overhead;
    return uncounted_ < uncounted_bytes_max ? 0 : std::exchange(uncounted_, 0);
}

ZmqSocket::Sent send_counted(ZmqSocket& socket, std::span<const char> frame,
                             const std::shared_ptr<ZmqUnsentBytes>& unsent) {
    const std::size_t counted_bytes = unsent->begin(frame.size());
    if (counted_bytes == 0) [[likely]] {
        return socket.send(frame, false);
    }
    void* const memory = ::operator new(sizeof(Head) + frame.size());
    auto* const head = new (memory) Head{unsent, counted_bytes};
    void* const bytes = head + 1;
    std::memcpy(bytes, frame.data(), frame.size());
    unsent->add(counted_bytes);
    zmq::message_t message{bytes, frame.size(), let_go, head};
    return socket.send(message, false);
}

}  // namespace warren::transport
