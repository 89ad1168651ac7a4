#pragma once

#include <warren/context.hpp>

#include "support/loop.hpp"
#include "transport/tcp/acceptor.hpp"
#include "transport/tcp/connector.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Ports over real sockets of this machine, and all of it on the test's own thread.
namespace warren::transport::test {

/// A message of the tests' protocol: a length of four bytes, big-endian, and so many bytes.
inline std::string message(std::string_view text) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) {
        bytes += static_cast<char>(text.size() >> shift & 0xff);
    }
    return bytes.append(text);
}

/// What the sessions of one port have seen.
struct Seen {
    std::vector<std::string> messages{};
    std::vector<std::size_t> offers{};  // the length of each input
    std::size_t ended_inputs = 0;
    std::vector<std::string> identities{};
    std::vector<Failure> closed{};
    std::vector<runtime::StreamConnection*> connections{};
    std::vector<std::pair<std::uint64_t, Failure>> failed{};
    std::vector<runtime::RetryClass> refusals{};
    std::size_t unsent = 0;  // as was said last
    bool busy = false;
    bool echo = true;
    bool push_after_message = false;
    std::vector<std::size_t> unsent_after_push{};
    bool pause_after_message = false;
    bool close_after_message = false;
};

class Session final : public runtime::StreamSession {
public:
    Session(runtime::StreamConnection& connection, Seen& seen)
        : connection_{connection}, seen_{seen} {}

    Consumed on_input(std::span<const std::byte> input) override {
        seen_.offers.push_back(input.size());
        Consumed taken;
        while (!paused_) {
            const auto rest = input.subspan(taken.bytes);
            taken.wanted_bytes = 4;
            if (rest.size() < 4) {
                break;
            }
            std::size_t size = 0;
            for (std::size_t index = 0; index < 4; ++index) {
                size = size << 8 | std::to_integer<std::size_t>(rest[index]);
            }
            taken.wanted_bytes = size + 4;
            if (rest.size() < size + 4) {
                break;
            }
            handle({reinterpret_cast<const char*>(rest.data()) + 4, size});
            taken.bytes += size + 4;
        }
        if (paused_) {
            taken.wanted_bytes = 1;
        }
        return taken;
    }

    void on_unsent(std::size_t bytes) override { seen_.unsent = bytes; }
    bool is_busy() const noexcept override { return seen_.busy; }
    void on_closed(const Failure& why) override { seen_.closed.push_back(why); }

private:
    void handle(std::string_view text) {
        seen_.messages.emplace_back(text);
        if (seen_.echo) {
            connection_.output() += message(text);
            connection_.touch();
        }
        if (seen_.push_after_message) {
            connection_.push();
            seen_.unsent_after_push.push_back(connection_.unsent_bytes());
        }
        if (seen_.pause_after_message) {
            connection_.pause();
            paused_ = true;
        }
        if (seen_.close_after_message) {
            connection_.close_after_output();
            paused_ = true;
        }
    }

    runtime::StreamConnection& connection_;
    Seen& seen_;
    bool paused_ = false;

    friend class ResumeAccess;
};

class ResumeAccess {
public:
    static void go_on(Session& session) {
        session.paused_ = false;
        session.connection_.resume();
    }
};

class ServerSink final : public runtime::StreamAcceptorSink, public Seen {
public:
    std::unique_ptr<runtime::StreamSession> on_connected(
        runtime::StreamConnection& connection) override {
        connections.push_back(&connection);
        identities.emplace_back(connection.peer_identity());
        auto session = std::make_unique<Session>(connection, *this);
        sessions.push_back(session.get());
        return session;
    }

    std::vector<Session*> sessions{};
};

class ClientSink final : public runtime::StreamConnectorSink, public Seen {
public:
    ClientSink() { echo = false; }

    std::unique_ptr<runtime::StreamSession> on_connected(
        std::uint64_t, runtime::StreamConnection& connection) override {
        connections.push_back(&connection);
        return std::make_unique<Session>(connection, *this);
    }
    void on_connect_failed(std::uint64_t token, const Failure& why,
                           runtime::RetryClass refusal) override {
        failed.emplace_back(token, why);
        refusals.push_back(refusal);
    }
};

/// What a port says.
class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }

    std::vector<std::string> lines{};
};

/// A listening port on a free port number, whose sessions echo.
struct Server {
    explicit Server(Loop& loop, TcpServerOptions options = {})
        : acceptor{make_acceptor(loop.executor, std::move(options))}, transport{*acceptor} {
        const auto started = transport.start(sink);
        EXPECT_TRUE(started) << started.error().message;
    }

    ServerSink sink{};
    std::shared_ptr<TcpAcceptor> acceptor;
    TcpAcceptor& transport;
};

struct Client {
    Client(Loop& loop, std::vector<DialTarget> targets, TcpLimits limits = {})
        : connector{make_connector(
              loop.executor, TcpClientOptions{.targets = std::move(targets), .limits = limits})},
          transport{*connector} {
        transport.start(sink);
    }

    void send(std::string_view text) {
        sink.connections.back()->output() += message(text);
        sink.connections.back()->touch();
    }

    ClientSink sink{};
    std::shared_ptr<TcpConnector> connector;
    TcpConnector& transport;
};

/// A peer without manners: a bare socket.
class Peer {
public:
    explicit Peer(std::uint16_t transport, int receive_bytes = 0)
        : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        if (receive_bytes != 0) {
            setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(transport);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
            << std::strerror(errno);
        fcntl(socket_, F_SETFL, O_NONBLOCK);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { ::close(socket_); }

    /// out  how many bytes left; fewer than all when the other side does not read
    std::size_t send(std::string_view bytes) {
        const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return count < 0 ? 0 : static_cast<std::size_t>(count);
    }
    /// Take what has come into `received`, and see whether the other side has ended.
    const std::string& receive() {
        char room[65536];
        for (;;) {
            const auto count = ::recv(socket_, room, sizeof room, 0);
            if (count > 0) {
                received_.append(room, static_cast<std::size_t>(count));
                continue;
            }
            ended_ = ended_ || count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
            return received_;
        }
    }
    bool ended() {
        receive();
        return ended_;
    }
    void end_output() { ::shutdown(socket_, SHUT_WR); }
    int socket() const { return socket_; }

private:
    int socket_;
    std::string received_;
    bool ended_ = false;
};

}  // namespace warren::transport::test
