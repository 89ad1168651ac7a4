#pragma once

#include <warren/error.hpp>

#include "runtime/backoff.hpp"
#include "runtime/client/stream_client_session.hpp"
#include "runtime/executor.hpp"
#include "runtime/stream_transports.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace warren::runtime {

struct StreamPoolOptions {
    std::size_t connections_per_address = 1;  // where answers come in any order
    std::size_t connections_max = 8;  // where they come in that of the requests: one call on each
    std::uint32_t connect_attempts = 5;  // in a row, at all addresses together
    BackoffOptions connect_backoff{};
    /// How long calls stay away from one of several servers that did not answer, where nothing but
    /// a call can find out whether it is back.
    BackoffOptions doubt_backoff{.first = std::chrono::seconds{1}, .max = std::chrono::seconds{30}};
};

/// The connections of a client: which one is next, and which are to be made, and when.
/// thread the I/O thread
class StreamClientPool {
public:
    StreamClientPool(StreamConnector& connector, protocol::ResponseOrder order,
                     const StreamPoolOptions& options, std::uint32_t seed);

    /// A connection that can take a call; nullptr: none. Servers take turns, and so do the
    /// connections to one, but for the one that answered last: it is next while it has less to do.
    StreamClientSession* next(TimePoint now) noexcept;
    /// Its server has no room: until then others are preferred.
    void avoid(const StreamClientSession& session, TimePoint until) noexcept;
    /// Its server ends, and would take a new connection all the same: make none until then.
    void stay_away(std::size_t address, TimePoint until) noexcept {
        servers_[address].retry_at = until;
    }
    /// It does not answer: as `avoid`, until it does.
    /// in   can_ask: its connections are asked, so that no call has to find out
    void doubt(const StreamClientSession& session, TimePoint now, bool can_ask) noexcept;
    /// Whether a new connection to the same server needs no trial.
    bool is_proven(std::size_t address, TimePoint now) const noexcept {
        return servers_[address].last_answered != nullptr && servers_[address].doubted_until <= now;
    }
    /// A connection on trial came to nothing.
    void on_trial_failed(const StreamClientSession& session, const Failure& why);
    /// Whether there is another connection beside the right one.
    bool has_choice() const noexcept { return servers_.size() > 1; }
    /// Whether another connection would be of use.
    bool is_incomplete() const noexcept { return is_incomplete_; }
    /// Begin to make the connections that are missing and whose time has come.
    /// in   waiting: calls for which there is no connection
    void connect_due(TimePoint now, std::size_t waiting);
    /// When `connect_due` has more to do, if calls still wait then.
    std::optional<TimePoint> next_attempt(TimePoint now) const noexcept;

    /// out  which address a connection goes to
    std::size_t on_connected(std::uint64_t token);
    void add(StreamClientSession& session);
    void on_connect_failed(std::uint64_t token, const Failure& why, RetryClass retry,
                           TimePoint now);
    /// A connection is lost, or gets no more calls.
    void remove(StreamClientSession& session, TimePoint now);
    /// It answers, so it is worth connecting to at once when it is lost.
    void on_answered(StreamClientSession& session) noexcept {
        Server& server = servers_[session.address()];
        server.delays = 0;
        if (server.failures != 0 || server.doubted_until != TimePoint{}) [[unlikely]] {
            trust(server);
        }
        if (!session.is_retired) {
            server.last_answered = &session;
        }
    }

    /// Every address failed, often enough: the calls that wait should fail, with `failure`.
    bool is_hopeless() const noexcept;
    Failure failure() const;
    /// Forget the failures; the next call begins anew.
    void begin_anew() noexcept;

    /// Those that are on trial are none yet.
    bool has_connections() const noexcept;
    /// Whether each of them has a call that the next one would wait for.
    bool is_busy() const noexcept;
    /// Why the last attempt failed; nullptr: none did since it went well.
    const Failure* last_failure() const noexcept;
    /// All addresses, or the first of many, for messages.
    std::string display() const;

private:
    struct Server {
        std::size_t ready = 0;
        std::size_t connecting = 0;
        std::uint32_t failures = 0;  // in a row
        std::uint32_t delays = 0;    // in a row, also after connections that gave nothing
        TimePoint retry_at{};
        TimePoint avoided_until{};
        std::uint32_t doubts = 0;  // in a row
        TimePoint doubted_until{};
        bool is_refused = false;
        std::optional<Failure> why{};
        StreamClientSession* last_answered = nullptr;  // where answers come in any order
    };

    bool is_avoided(const Server& server, TimePoint now) const noexcept;
    bool is_better_coming(TimePoint now) const noexcept;
    static void trust(Server& server) noexcept;
    StreamClientSession* instead_of(StreamClientSession& session) noexcept;
    bool may_connect(const Server& server, TimePoint now) const noexcept;
    bool is_missing(const Server& server) const noexcept;
    void connect(std::size_t address);
    std::size_t settle(std::uint64_t token);
    void connect_each(TimePoint now);
    void connect_for(TimePoint now, std::size_t waiting);
    Server* choose(TimePoint now) noexcept;
    void delay(Server& server, TimePoint now);

    StreamConnector& connector_;
    const bool is_in_order_;
    const StreamPoolOptions options_;
    std::minstd_rand random_;
    std::vector<Server> servers_;
    std::vector<StreamClientSession*> ready_;
    std::size_t next_ready_ = 0;
    std::size_t connecting_ = 0;
    std::uint64_t last_token_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> addresses_;  // of the connections under way
    std::size_t last_failed_ = 0;
    bool is_incomplete_ = true;
};

}  // namespace warren::runtime
