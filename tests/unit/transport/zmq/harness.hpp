#pragma once

#include "support/loop.hpp"
#include "transport/zmq/acceptor.hpp"
#include "transport/zmq/connector.hpp"
#include "transport/zmq/publisher.hpp"
#include "transport/zmq/subscriber.hpp"

#include <gtest/gtest.h>
#include <zmq.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Ports over real sockets of this machine, all of it on the test's own thread.
namespace warren::transport::test {

/// What the sessions of one port have seen, and what they are to do.
struct Seen {
    std::vector<std::string> messages{};
    std::vector<std::string> identities{};
    std::vector<std::string> addresses{};
    std::vector<std::string> overload_reasons{};
    std::vector<Failure> closed{};
    std::vector<runtime::StreamConnection*> connections{};
    std::vector<std::pair<std::string, bool>> reachable{};  // by its last message
    std::vector<std::string> moved{};                       // likewise
    std::vector<std::string> offered_moved{};               // messages that their peer moved after
    std::vector<std::pair<std::uint64_t, Failure>> failed{};
    std::vector<runtime::RetryClass> refusals{};
    std::size_t sessions = 0;  // now
    bool echo = false;
    bool busy = false;
    bool pauses = false;  // after each message
    bool takes_nothing = false;
};

class Session final : public runtime::StreamSession {
public:
    Session(runtime::StreamConnection& connection, Seen& seen)
        : connection_{connection}, seen_{seen} {
        ++seen_.sessions;
    }
    ~Session() override { --seen_.sessions; }

    Consumed on_input(std::span<const std::byte> input) override {
        if (seen_.takes_nothing) {
            connection_.pause();
            return {.is_untaken = input.empty()};
        }
        const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
        seen_.messages.emplace_back(text);
        last_ = text;
        if (connection_.has_moved()) {
            seen_.offered_moved.emplace_back(text);
        }
        if (seen_.echo) {
            connection_.output() += text;
            connection_.end_message();
            connection_.touch();
        }
        if (seen_.pauses) {
            connection_.pause();
        }
        return {.bytes = input.size()};
    }

    void on_reachable(bool is_reachable) override {
        seen_.reachable.emplace_back(last_, is_reachable);
    }
    void on_moved() override { seen_.moved.push_back(last_); }
    bool is_busy() const noexcept override { return seen_.busy; }
    void on_closed(const Failure& why) override { seen_.closed.push_back(why); }

private:
    runtime::StreamConnection& connection_;
    Seen& seen_;
    std::string last_{};
};

class ServerSink final : public runtime::StreamAcceptorSink, public Seen {
public:
    std::unique_ptr<runtime::StreamSession> on_connected(
        runtime::StreamConnection& connection) override {
        connections.push_back(&connection);
        identities.emplace_back(connection.peer_identity());
        addresses.push_back(connection.peer_address());
        overload_reasons.emplace_back(connection.overload_reason());
        return std::make_unique<Session>(connection, *this);
    }
};

class ClientSink final : public runtime::StreamConnectorSink, public Seen {
public:
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

/// What is said to the log.
class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::scoped_lock lock{mutex_};
        lines_.emplace_back(line);
    }
    bool contain(std::string_view text) const {
        const std::scoped_lock lock{mutex_};
        return std::ranges::any_of(lines_,
                                   [&](const std::string& line) { return line.contains(text); });
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// A server on a free port, whose sessions echo.
struct Server {
    explicit Server(Loop& loop, ZmqServerOptions options = {})
        : acceptor{make_acceptor(loop.executor, with(options))}, transport{*acceptor} {
        sink.echo = true;
        const auto started = transport.start(sink);
        EXPECT_TRUE(started) << started.error().message;
    }

    static ZmqServerOptions with(ZmqServerOptions options) {
        if (options.endpoints.empty()) {
            options.endpoints = {"tcp://127.0.0.1:0"};
        }
        return options;
    }
    std::string endpoint() const { return transport.local_endpoints().front(); }

    ServerSink sink{};
    std::shared_ptr<ZmqAcceptor> acceptor;
    ZmqAcceptor& transport;
};

/// A port that connects, and what it says by its last connection.
template <typename Port, typename Options>
struct Caller {
    Caller(Loop& loop, Options options)
        : connector{make_connector(loop.executor, std::move(options))}, transport{*connector} {
        const auto started = transport.start(sink);
        EXPECT_TRUE(started) << started.error().message;
    }

    void send(std::string_view text) {
        sink.connections.back()->output() += text;
        sink.connections.back()->end_message();
        sink.connections.back()->touch();
    }
    /// out  whether there is a connection
    bool connect(Loop& loop) {
        transport.connect(0, 1);
        return loop.until([this] { return !sink.connections.empty() || !sink.failed.empty(); }) &&
               !sink.connections.empty();
    }

    ClientSink sink{};
    std::shared_ptr<Port> connector;
    Port& transport;
};

using Client = Caller<ZmqConnector, ZmqClientOptions>;
using Publisher = Caller<ZmqPublisher, ZmqPublisherOptions>;

struct Subscriber {
    Subscriber(Loop& loop, ZmqSubscriberOptions options)
        : acceptor{make_acceptor(loop.executor, std::move(options))}, transport{*acceptor} {
        const auto started = transport.start(sink);
        EXPECT_TRUE(started) << started.error().message;
    }

    ServerSink sink{};
    std::shared_ptr<ZmqSubscriber> acceptor;
    ZmqSubscriber& transport;
};

/// A peer that is libzmq alone, in a context of its own.
class Peer {
public:
    explicit Peer(zmq::socket_type type) : socket_{context_, type} {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::ipv6, true);
    }

    zmq::socket_t& socket() { return socket_; }
    void connect(const std::string& endpoint) { socket_.connect(endpoint); }
    std::string bind(const std::string& endpoint = "tcp://127.0.0.1:0") {
        socket_.bind(endpoint);
        return socket_.get(zmq::sockopt::last_endpoint);
    }

    void send(const std::vector<std::string>& frames) {
        for (const std::string& frame : frames) {
            const bool is_last = &frame == &frames.back();
            EXPECT_TRUE(socket_.send(zmq::buffer(frame),
                                     is_last ? zmq::send_flags::none : zmq::send_flags::sndmore));
        }
    }
    /// Take what has come; gives all that has come since the beginning
    const std::vector<std::vector<std::string>>& receive() {
        zmq::message_t frame;
        // A REQ that has its response takes no more, which is an error like any other here.
        while (zmq_msg_recv(frame.handle(), socket_.handle(), ZMQ_DONTWAIT) >= 0) {
            auto& message = received_.emplace_back();
            message.push_back(frame.to_string());
            while (frame.more()) {
                EXPECT_TRUE(socket_.recv(frame));
                message.push_back(frame.to_string());
            }
        }
        return received_;
    }

    /// Forget what has come.
    void take() { received_.clear(); }

private:
    zmq::context_t context_;
    zmq::socket_t socket_;
    std::vector<std::vector<std::string>> received_;
};

/// Where sockets of a test may have their files.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "warren-zmq-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace warren::transport::test
