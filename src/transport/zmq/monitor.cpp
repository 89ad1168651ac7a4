#include "transport/zmq/monitor.hpp"

#include "core/assert.hpp"

#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace warren::transport {
namespace {

constexpr int watched_events = ZMQ_EVENT_ALL & ~ZMQ_EVENT_LISTENING;

/// Two bytes and four, in the order of this machine.
ZmqEvent event_of(const zmq::message_t& frame) {
    ZmqEvent event;
    WARREN_ASSERT(frame.size() == sizeof event.what + sizeof event.value);
    const auto* const bytes = static_cast<const char*>(frame.data());
    std::memcpy(&event.what, bytes, sizeof event.what);
    std::memcpy(&event.value, bytes + sizeof event.what, sizeof event.value);
    return event;
}

}  // namespace

std::expected<std::unique_ptr<ZmqMonitor>, Failure> ZmqMonitor::start(AsioExecutor& executor,
                                                                      const ZmqSocket& socket,
                                                                      User& user) {
    auto events = ZmqSocket::open(ZMQ_PAIR);
    if (!events) {
        return std::unexpected{std::move(events.error())};
    }
    // ZeroMQ's I/O thread, which is there for all sockets, would wait for room otherwise.
    events->set(ZMQ_RCVHWM, 0);
    const std::string endpoint = socket.context().unique_endpoint();
    if (zmq_socket_monitor(socket.handle(), endpoint.c_str(), watched_events) != 0 ||
        events->connect(endpoint) != 0) {
        return std::unexpected{Failure{
            .code = Code::internal,
            .message = std::string{"A ZeroMQ socket cannot be monitored: "} + zmq_strerror(errno)}};
    }
    return std::unique_ptr<ZmqMonitor>{
        new ZmqMonitor{executor, socket.handle(), std::move(*events), user}};
}

ZmqMonitor::ZmqMonitor(AsioExecutor& executor, void* monitored, ZmqSocket socket, User& user)
    : monitored_{monitored},
      socket_{std::move(socket)},
      user_{user},
      watch_{executor, socket_, *this} {}

ZmqMonitor::~ZmqMonitor() {
    *alive_ = false;
    // An event that nobody could take would hold up ZeroMQ's I/O thread.
    if (monitored_ != nullptr) {
        zmq_socket_monitor(monitored_, nullptr, 0);
    } else {
        wait_until_stopped();
    }
}

void ZmqMonitor::wait_until_stopped() {
    zmq::message_t frame;
    while (!stopped_) {
        if (zmq_msg_recv(frame.handle(), socket_.handle(), 0) >= 0) {
            take(frame);
        } else if (errno != EINTR) {
            return;
        }
    }
}

/// Of the frames of an event, the first says what it is.
ZmqEvent ZmqMonitor::take(zmq::message_t& frame) {
    const ZmqEvent event = event_of(frame);
    while (frame.more() && socket_.receive(frame)) {
    }
    stopped_ = event.what == ZMQ_EVENT_MONITOR_STOPPED;
    return event;
}

void ZmqMonitor::handle_events() {
    const std::shared_ptr<bool> alive = alive_;
    zmq::message_t frame;
    while (*alive && socket_.receive(frame)) {
        user_.on_event(take(frame));
    }
}

}  // namespace warren::transport
