// The ceiling: frames with an id over bare epoll, one read, all frames parsed, one write per
// readiness event, on both sides. No model, no validation, no failure but the end.
//
// Mode: spin (poll up to 50 us before blocking)

#include "common/contender.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

struct Frame {
    std::uint32_t size;  // of what follows
    std::uint32_t id;
    std::array<char, echoed.size()> value;
};

/// One socket, with what it brought and what is to leave.
class Connection {
public:
    explicit Connection(int socket) : socket_{socket} {
        const int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(socket_); }

    int socket() const { return socket_; }

    /// Read once, and hand over all frames that are complete.
    /// out  false at the end of the stream
    template <typename OnFrame>
    bool read(const OnFrame& on_frame) {
        const ssize_t count = recv(socket_, input_.data() + filled_, input_.size() - filled_, 0);
        if (count <= 0) {
            return false;
        }
        filled_ += static_cast<std::size_t>(count);
        std::size_t at = 0;
        for (Frame frame; filled_ - at >= sizeof(frame); at += sizeof(frame)) {
            std::memcpy(&frame, input_.data() + at, sizeof(frame));
            require(frame.size == sizeof(frame) - sizeof(frame.size), "not a frame");
            on_frame(frame);
        }
        filled_ -= at;
        std::memmove(input_.data(), input_.data() + at, filled_);
        return true;
    }

    void put(const Frame& frame) {
        require(output_.size() - held_ >= sizeof(frame), "more in flight than fits");
        std::memcpy(output_.data() + held_, &frame, sizeof(frame));
        held_ += sizeof(frame);
    }
    /// Write once. What is in flight is less than the socket's buffer.
    void flush() {
        if (held_ != 0) {
            require(
                send(socket_, output_.data(), held_, MSG_NOSIGNAL) == static_cast<ssize_t>(held_),
                "send failed");
            held_ = 0;
        }
    }

private:
    int socket_;
    std::size_t filled_ = 0;
    std::size_t held_ = 0;
    std::array<char, 65'536> input_{};
    std::array<char, 65'536> output_{};
};

class Poller {
public:
    explicit Poller(bool spins) : spins_{spins} {}

    void add(int socket, void* what) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = what}};
        require(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl failed");
    }
    std::span<const epoll_event> wait() {
        int count = spins_ ? spin() : 0;
        if (count == 0) {
            count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
        }
        return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
    }

private:
    int spin() {
        const Clock::time_point until = Clock::now() + std::chrono::microseconds{50};
        int count = 0;
        do {
            count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
        } while (count == 0 && Clock::now() < until);
        return count;
    }

    const bool spins_;
    const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::array<epoll_event, 128> events_{};
};

sockaddr_in loopback(std::uint16_t port) {
    return {.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
            .sin_zero = {}};
}

int listen_somewhere() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    require(bind(listener, generic, size) == 0 && listen(listener, 1'024) == 0, "cannot listen");
    getsockname(listener, generic, &size);
    announce(ntohs(address.sin_port));
    return listener;
}

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    require(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
            "cannot connect");
    return socket;
}

void serve(const Modes& modes) {
    Poller poller{modes.has("spin")};
    const int listener = listen_somewhere();
    poller.add(listener, nullptr);
    for (;;) {
        for (const epoll_event& event : poller.wait()) {
            auto* const connection = static_cast<Connection*>(event.data.ptr);
            if (connection == nullptr) {
                auto accepted = std::make_unique<Connection>(accept(listener, nullptr, nullptr));
                poller.add(accepted->socket(), accepted.get());
                static_cast<void>(accepted.release());  // the epoll set holds it now
            } else if (connection->read([&](const Frame& frame) { connection->put(frame); })) {
                connection->flush();
            } else {
                delete connection;
            }
        }
    }
}

void call(const Load& load, const Modes& modes) {
    struct Client {
        Connection connection;
        std::vector<Clock::time_point> sent;
    };
    Poller poller{modes.has("spin")};
    Measurement measurement = load.measurement();
    std::vector<std::unique_ptr<Client>> clients;
    Frame request{.size = sizeof(Frame) - sizeof(Frame::size), .id = 0, .value = {}};
    std::ranges::copy(echoed, request.value.begin());

    for (std::size_t number = 0; number < load.connections; ++number) {
        Client& client = *clients.emplace_back(
            new Client{Connection{connect_to(load.port)}, std::vector<Clock::time_point>(0)});
        poller.add(client.connection.socket(), &client);
        for (std::uint32_t id = 0; id < load.in_flight; ++id) {
            request.id = id;
            client.sent.push_back(measurement.start());
            client.connection.put(request);
        }
        client.connection.flush();
    }
    for (bool goes_on = true; goes_on;) {
        for (const epoll_event& event : poller.wait()) {
            Client& client = *static_cast<Client*>(event.data.ptr);
            const bool is_open = client.connection.read([&](const Frame& reply) {
                require(reply.id < client.sent.size() && reply.value == request.value,
                        "another value");
                goes_on = measurement.finish(client.sent[reply.id]) && goes_on;
                client.sent[reply.id] = measurement.start();
                request.id = reply.id;
                client.connection.put(request);
            });
            require(is_open, "the server closed the connection");
            client.connection.flush();
        }
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
