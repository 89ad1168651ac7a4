#include "transport/zmq/held_bytes.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace warren::transport {
namespace {

// What ZeroMQ keeps without memory of the message's own.
constexpr std::size_t inline_bytes_max = 33;

/// What stands before the bytes of a message.
struct Head {
    std::shared_ptr<ZmqHeldBytes> held;
    std::size_t bytes;
};

void let_go(void*, void* hint) noexcept {
    auto* const head = static_cast<Head*>(hint);
    head->held->add(0 - head->bytes);
    head->~Head();
    ::operator delete(hint);
}

}  // namespace

zmq::message_t copy(std::span<const char> message, const std::shared_ptr<ZmqHeldBytes>& held) {
    if (message.size() <= inline_bytes_max) {
        return zmq::message_t{message.data(), message.size()};
    }
    void* const memory = ::operator new(sizeof(Head) + message.size());
    auto* const head = new (memory) Head{held, message.size()};
    void* const bytes = head + 1;
    std::memcpy(bytes, message.data(), message.size());
    held->add(message.size());
    return zmq::message_t{bytes, message.size(), let_go, head};
}

}  // namespace warren::transport
