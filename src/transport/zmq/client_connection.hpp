#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/link.hpp"
#include "transport/zmq/options.hpp"
#include "transport/zmq/outbox.hpp"
#include "transport/zmq/unsent_bytes.hpp"
#include "transport/zmq/watch.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warren::transport {

/// One connected DEALER: moves messages between it and a session. What one turn of the loop
/// produces leaves at its end.          thread the I/O thread
class ZmqClientConnection final : public runtime::StreamConnection,
                                  private LoopIterationHook,
                                  private ZmqWatch::User,
                                  private ZmqLink::User,
                                  public std::enable_shared_from_this<ZmqClientConnection> {
public:
    /// What a connection belongs to, which outlives it.
    struct Home {
        AsioExecutor& executor;
        ZmqEnvelope envelope;
        std::size_t message_bytes_max;
        ZmqCounters& counters;
        std::function<void(ZmqClientConnection&)> closed;  // it is gone, and let go of then
    };

    /// in  home: outlives the connection
    ///     display: of the server, for messages; outlives the connection
    ZmqClientConnection(const Home& home, std::shared_ptr<ZmqLink> link, std::string_view display);
    ~ZmqClientConnection() override;

    /// in  session: for what comes in; null to close the connection at once
    void start(std::unique_ptr<runtime::StreamSession> session);
    /// Drop the connection and its session, which hears nothing of it.
    void abandon() noexcept;
    /// Drop the connection; the session hears why.
    void end(const Failure& why);

    std::string& output() noexcept override { return outbox_.bytes(); }
    void touch() override;
    std::size_t unsent_bytes() const noexcept override {
        return outbox_.unsent_bytes() + unsent_->get();
    }
    void end_message() override { outbox_.end_message(); }
    void pause() override { paused_ = true; }
    void resume() override;
    void close_after_output() override;
    std::string_view peer_identity() const noexcept override { return {}; }

private:
    void on_loop_iteration() override;
    void on_signal() override;
    void on_event(const ZmqEvent& event) override;
    void receive();
    bool receive_one();
    void offer(std::span<const std::byte> message);
    void send();
    bool send_one(std::span<const char> message);

    const Home& home_;
    const std::string_view display_;
    std::shared_ptr<ZmqLink> link_;
    std::optional<ZmqWatch> watch_;
    std::unique_ptr<runtime::StreamSession> session_;

    bool closed_ = false;
    bool paused_ = false;
    bool closing_ = false;  // no more input is taken
    bool lost_ = false;     // by the peer
    bool iteration_end_asked_ = false;
    ZmqOutbox outbox_;
    const std::shared_ptr<ZmqUnsentBytes> unsent_ =
        std::make_shared<ZmqUnsentBytes>(std::make_shared<std::atomic<std::size_t>>(0));
    zmq::message_t frame_;
    std::string message_;  // of several frames; or what the session has not taken
    bool message_kept_ = false;
};

}  // namespace warren::transport
