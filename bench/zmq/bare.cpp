// The ceiling: messages with an id over bare libzmq, received until there are none, on both sides.
// No model, no validation, no failure but the end.
//
// Mode: req (REQ to REP, one call at a time on each socket; otherwise DEALER to ROUTER)

#include "common/contender.hpp"

#include <zmq.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

struct Message {
    std::uint32_t id;
    std::array<char, echoed.size()> value;
};

unsigned port_of(void* socket) {
    std::array<char, 128> endpoint{};
    std::size_t size = endpoint.size();
    require(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint.data(), &size) == 0, "no endpoint");
    const std::string_view text = endpoint.data();
    const std::string_view digits = text.substr(text.rfind(':') + 1);
    unsigned port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

/// Send back every frame as it came.
void serve(const Modes& modes) {
    void* const context = zmq_ctx_new();
    void* const socket = zmq_socket(context, modes.has("req") ? ZMQ_REP : ZMQ_ROUTER);
    require(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "cannot bind");
    announce(port_of(socket));
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (;;) {
        require(zmq_msg_recv(&frame, socket, 0) >= 0, "recv failed");
        const int more = zmq_msg_more(&frame) != 0 ? ZMQ_SNDMORE : 0;
        require(zmq_msg_send(&frame, socket, more) >= 0, "send failed");
    }
}

void send(void* socket, const Message& request) {
    require(zmq_send(socket, &request, sizeof(request), 0) == sizeof(request), "send failed");
}

/// out  false when there is no message
bool receive(void* socket, Message& reply) {
    const int size = zmq_recv(socket, &reply, sizeof(reply), ZMQ_DONTWAIT);
    require(size == sizeof(reply) || (size < 0 && zmq_errno() == EAGAIN), "recv failed");
    return size > 0;
}

void call(const Load& load, const Modes& modes) {
    require(!modes.has("req") || load.in_flight == 1, "REQ has one call in flight");
    void* const context = zmq_ctx_new();
    Measurement measurement = load.measurement();
    const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(load.port);
    std::vector<zmq_pollitem_t> sockets;
    std::vector<std::vector<Clock::time_point>> sent(load.connections);
    Message request{.id = 0, .value = {}};
    std::ranges::copy(echoed, request.value.begin());

    for (std::size_t number = 0; number < load.connections; ++number) {
        void* const socket = zmq_socket(context, modes.has("req") ? ZMQ_REQ : ZMQ_DEALER);
        require(zmq_connect(socket, endpoint.c_str()) == 0, "cannot connect");
        sockets.push_back({.socket = socket, .fd = 0, .events = ZMQ_POLLIN, .revents = 0});
        for (request.id = 0; request.id < load.in_flight; ++request.id) {
            sent[number].push_back(measurement.start());
            send(socket, request);
        }
    }
    Message reply{};
    for (bool goes_on = true; goes_on;) {
        require(zmq_poll(sockets.data(), static_cast<int>(sockets.size()), -1) > 0, "poll failed");
        for (std::size_t number = 0; number < sockets.size(); ++number) {
            while (sockets[number].revents != 0 && receive(sockets[number].socket, reply)) {
                require(reply.id < sent[number].size() && reply.value == request.value,
                        "another value");
                goes_on = measurement.finish(sent[number][reply.id]) && goes_on;
                sent[number][reply.id] = measurement.start();
                request.id = reply.id;
                send(sockets[number].socket, request);
            }
        }
    }
    measurement.print();
    std::exit(0);  // what is in flight is nobody's any more
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
