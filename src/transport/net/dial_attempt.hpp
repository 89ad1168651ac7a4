#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/net/connect_failure.hpp"
#include "transport/net/dial_target.hpp"
#include "transport/net/stream.hpp"
#include "transport/net/tcp_socket.hpp"
#include "transport/net/tls_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// What a connection has to stand before it counts, such as the handshake of a protocol. To destroy
/// it is to give it up.
class DialTrial {
public:
    virtual ~DialTrial() = default;
};

/// Called once, never inside of what begins the trial.
using DialTrialEnded = std::move_only_function<void(std::expected<void, ConnectFailure>)>;

/// in   target: the place of the one that the stream leads to
using BeginDialTrial = std::function<std::unique_ptr<DialTrial>(
    std::size_t target, std::unique_ptr<Stream> stream, DialTrialEnded ended)>;

/// One address of a target, through all stages that there are.
class DialAttempt : public std::enable_shared_from_this<DialAttempt> {
public:
    enum class Stage : std::uint8_t { tcp, tls, trial, done };

    struct Candidate {
        std::size_t target = 0;
        std::size_t order = 0;  // as its name has it among others
        boost::asio::ip::tcp::endpoint address{};
    };

    class Owner {
    public:
        virtual void on_stage(DialAttempt& attempt) = 0;
        virtual void on_done(DialAttempt& attempt) = 0;
        /// in   why: of the stage tcp, the system's word alone
        virtual void on_failed(DialAttempt& attempt, const ConnectFailure& why) = 0;

    protected:
        ~Owner() = default;
    };

    /// in   target, trial, owner: outlive it, or its end by `cancel`; trial may be empty
    DialAttempt(AsioExecutor& executor, const DialTarget& target, const Candidate& candidate,
                const BeginDialTrial& trial, Owner& owner);

    void start();
    void cancel() noexcept;

    const Candidate& candidate() const noexcept { return candidate_; }
    /// The one that it is in, or has failed in.
    Stage stage() const noexcept { return stage_; }
    /// What has come of it: one of these.
    std::unique_ptr<Stream> take_stream() noexcept { return std::move(stream_); }
    std::unique_ptr<DialTrial> take_trial() noexcept { return std::move(trial_); }

private:
    void connected(const boost::system::error_code& error);
    void shake_hands(const TlsOptions& options);
    void name_peer(const TlsOptions& options);
    void shaken(const boost::system::error_code& error);
    void try_out(std::unique_ptr<Stream> stream);
    void enter(Stage stage);
    void fail(const ConnectFailure& why);

    AsioExecutor& executor_;
    const DialTarget& target_;
    const Candidate candidate_;
    const BeginDialTrial& begin_trial_;
    Owner* owner_;  // null: it is over
    Stage stage_ = Stage::tcp;
    TcpSocket socket_;
    std::unique_ptr<TlsStream> tls_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<DialTrial> trial_;
};

}  // namespace warren::transport
