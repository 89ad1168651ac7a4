#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "protocol/stream_protocol.hpp"
#include "runtime/client/client_call.hpp"
#include "runtime/client/client_calls.hpp"
#include "runtime/client/stream_client_pool.hpp"
#include "runtime/client/stream_client_session.hpp"
#include "runtime/stream_transports.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren::runtime {

struct StreamClientOptions {
    std::size_t in_flight_max = core::Limits{}.in_flight_calls_max;
    std::array<std::uint8_t, 16> random{};  // of this client's own
    StreamPoolOptions pool{};
    RetryOptions retry{};
    std::optional<std::array<std::uint8_t, 16>> key_random{};  // as of ClientCallsOptions
    /// What may wait on a connection until a one-way call is refused: they are over when they are
    /// there, so that their number has no other limit.
    std::size_t one_way_unsent_bytes_max = std::size_t{16} << 20;
    /// A connection that lets a call time out, and is silent for so long, gets no more calls.
    std::chrono::milliseconds silence_max{5'000};
    /// Where there is a choice, of servers or of addresses of one: how long a new connection may
    /// take for its first answer, and one that owes answers may be silent until it is asked whether
    /// it lives, and then until calls go to others.
    std::chrono::milliseconds response_patience{1'000};
    std::shared_ptr<Log> log{};  // connections made, refused and lost; null: nowhere
};

/// What a client's connections have been through, for metrics.          thread any
struct StreamClientCounters {
    std::atomic<std::uint64_t> connections = 0;  // now
    std::atomic<std::uint64_t> connects = 0;
    std::atomic<std::uint64_t> connect_failures = 0;
    std::atomic<std::uint64_t> connections_lost = 0;
};

/// Calls over connections to one server or several, made when a call needs them and kept. What was
/// never sent waits for a connection; what was sent is sent again only where that is safe.
class StreamClient final : public ClientCalls,
                           public StreamConnectorSink,
                           private StreamClientSession::Owner {
public:
    StreamClient(Executor& executor, std::shared_ptr<const protocol::StreamProtocol> protocol,
                 const StreamClientOptions& options);
    ~StreamClient() override;

    /// Say where servers are. It outlives `close`.
    void attach(StreamConnector& connector);
    void close() override;

    const StreamClientCounters& stream_counters() const noexcept { return stream_counters_; }

    std::unique_ptr<StreamSession> on_connected(std::uint64_t token,
                                                StreamConnection& connection) override;
    void on_connect_failed(std::uint64_t token, const Failure& why, RetryClass retry) override;

private:
    void dispatch(ClientCall& call) override;
    Failure deadline_failure_of(const ClientCall& call) const override;
    void forget(ClientCall& call) noexcept override;
    void send_credit(ClientCall& call, std::uint64_t bytes_done) override;

    void send(ClientCall& call, StreamClientSession& session);
    void send_one_way(ClientCall& call, StreamClientSession& session,
                      std::chrono::milliseconds left);
    std::expected<void, Failure> write(ClientCall& call, StreamClientSession& session,
                                       protocol::StreamTicket& ticket,
                                       std::chrono::milliseconds left);
    void notify_cancelled(const ClientCall& call, StreamClientSession& session);
    void send_waiting();
    void connect_due();
    void arm_connect_timer();
    void fail_waiting();

    void leave_ending_server(StreamClientSession& session, Failure& why);
    void leave(StreamClientSession& session);
    void drop(StreamClientSession& session);
    void log_line(LogLevel level, std::string line);
    void check_silence(StreamClientSession& session, const ClientCall& call);
    void retire(StreamClientSession& session);

    // stream_client_health.cpp: who answers, and who does not
    bool can_probe() const noexcept { return !protocol_->probe_method().empty(); }
    void put_on_trial(StreamClientSession& session);
    void fail_trial(StreamClientSession& session, const Failure& why);
    void probe(StreamClientSession& session);
    void watch();
    bool is_watched(const StreamClientSession& session) const noexcept;
    void check_health();
    void check_health(StreamClientSession& session);
    void suspect(StreamClientSession& session);

    std::shared_ptr<void> share() override { return shared_from_this(); }
    TimePoint now() const noexcept override { return executor().now(); }
    std::int64_t unix_ms() override;
    void on_part(std::uint64_t token, const protocol::Response& part, std::size_t bytes) override;
    void on_response(StreamClientSession& session, std::uint64_t token,
                     std::expected<protocol::Response, Failure> response) override;
    void on_sign_of_life(StreamClientSession& session) override;
    void on_stray_response(StreamClientSession& session) override;
    void on_unreadable(StreamClientSession& session, const Failure& why) override;
    void on_input_begin() override { hold_submissions(); }
    void on_input_early_flush() override;
    void on_input_end(StreamClientSession& session) override;
    void on_broken(StreamClientSession& session, const Failure& why) override;
    void on_lost(StreamClientSession& session, const Failure& why) override;

    const std::shared_ptr<const protocol::StreamProtocol> protocol_;
    const StreamClientOptions options_;
    StreamConnector* connector_ = nullptr;
    std::optional<StreamClientPool> pool_;
    std::vector<StreamClientSession*> sessions_;  // also those that get no more calls
    CallQueue waiting_;                           // for a connection
    bool has_choice_ = false;
    Executor::TimerId health_timer_ = 0;
    bool is_watching_ = false;
    Executor::TimerId connect_timer_ = 0;
    std::optional<TimePoint> connect_timer_at_;
    TimePoint unix_ms_at_{};
    std::int64_t unix_ms_ = 0;
    StreamClientCounters stream_counters_;
    std::string last_line_;  // last, which is not said twice
};

}  // namespace warren::runtime
