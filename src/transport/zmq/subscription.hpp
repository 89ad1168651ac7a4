#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/binding.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/dialer.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/link.hpp"
#include "transport/zmq/options.hpp"
#include "transport/zmq/watch.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace warren::transport {

/// One SUB: what is published at its endpoint goes to a session. It connects again and again, or is
/// bound.          thread the I/O thread
class ZmqSubscription final : public runtime::StreamConnection,
                              private LoopIterationHook,
                              private ZmqWatch::User,
                              private ZmqLink::User {
public:
    /// What a subscription belongs to, which outlives it.
    struct Home {
        AsioExecutor& executor;
        const ZmqSubscriberOptions& options;
        ZmqLinkOptions link;
        runtime::StreamAcceptorSink* sink = nullptr;
        ZmqCounters& counters;
    };

    explicit ZmqSubscription(const Home& home) : home_{home} {}
    ZmqSubscription(const ZmqSubscription&) = delete;
    ZmqSubscription& operator=(const ZmqSubscription&) = delete;
    ~ZmqSubscription() override;

    /// err  invalid_request: an endpoint that cannot be had
    std::expected<void, Failure> start(const std::string& endpoint);
    const std::string& endpoint() const noexcept { return endpoint_.text; }
    void stop_listening() noexcept { stopping_ = true; }
    /// `closed` follows, later.
    void close(std::move_only_function<void()> closed);

    std::string& output() noexcept override { return output_; }
    void touch() override;
    void pause() override { paused_ = true; }
    void resume() override;
    void close_after_output() override;
    /// With CURVE nobody else has the publisher's key; a password it is not asked for.
    std::string_view peer_identity() const noexcept override {
        const auto* const curve = std::get_if<ZmqCurveClient>(&home_.options.security);
        return curve == nullptr ? std::string_view{} : curve->server_public_key;
    }
    std::string peer_address() const override { return endpoint_.text; }

private:
    void on_loop_iteration() override;
    void on_signal() override { receive(); }
    void on_event(const ZmqEvent& event) override;

    std::expected<void, Failure> bind();
    void dial();
    void dial_later();
    void dialled(ZmqDialer::Dialled dialled);
    void open(ZmqSocket& socket);
    void begin_session();
    void end_session(const Failure& why);
    void lose(std::string why);
    void watch_silence();
    void receive();
    void take();
    void offer(std::span<const std::byte> message);
    void log_line(LogLevel level, std::string line);

    const Home& home_;
    ZmqEndpoint endpoint_;
    // Of one that connects: the attempt, then what came of it.
    std::unique_ptr<ZmqDialer> dialer_;
    std::shared_ptr<ZmqLink> link_;
    std::unique_ptr<ZmqBinding> binding_;  // of one that is bound
    ZmqSocket* socket_ = nullptr;          // of either, while it is there
    std::optional<ZmqWatch> watch_;
    std::unique_ptr<runtime::StreamSession> session_;

    bool paused_ = false;
    bool stopping_ = false;
    bool renewing_ = false;  // the session
    bool lost_ = false;      // the link
    bool iteration_end_asked_ = false;
    std::string output_;  // which goes nowhere
    zmq::message_t frame_;
    std::string kept_;  // what the session has not taken
    runtime::TimePoint heard_at_{};
    runtime::Executor::TimerId silence_timer_ = 0;
    runtime::Executor::TimerId dial_timer_ = 0;
    std::uint32_t failures_ = 0;  // in a row
    std::minstd_rand random_{std::random_device{}()};
    std::string last_line_;  // last, which is not said twice
};

}  // namespace warren::transport
