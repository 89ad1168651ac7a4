#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/dial_target.hpp"
#include "transport/net/stream.hpp"
#include "transport/tcp/connection_set.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace warren::transport {

/// Who is at the other end.
struct TcpPeer {
    const DialTarget* target = nullptr;       // of a client's connection; outlives its session
    boost::asio::ip::tcp::endpoint remote{};  // and where it leads to
    bool has_alternatives = false;            // as `Dialer::Connected` has it
    std::string address{};                    // of a server's, such as "127.0.0.1:40123"
    std::string identity{};                   // the subject of its certificate
};

/// One connection: moves bytes between a stream and a session. One read and one write are under way
/// at most; what one turn of the loop produces is one write. While an operation is under way the
/// object lives, whoever lets go of it.          thread the I/O thread
class TcpConnection final : public runtime::StreamConnection,
                            public StreamUser,
                            private LoopIterationHook,
                            public std::enable_shared_from_this<TcpConnection> {
public:
    TcpConnection(ConnectionSet& home, std::unique_ptr<Stream> stream, TcpPeer peer);
    ~TcpConnection() override;

    /// in  session: for what comes in; null to close the connection at once
    void start(std::unique_ptr<runtime::StreamSession> session);
    /// Drop the connection and its session, which hears nothing of it.
    void abandon() noexcept;
    /// Drop the connection; the session hears why.
    void end(const Failure& why);
    /// See whether the connection is over one of its limits of time.
    void on_sweep(runtime::TimePoint now);

    std::string& output() noexcept override { return output_; }
    void touch() override;
    void push() override;
    std::size_t unsent_bytes() const noexcept override {
        return output_.size() + writing_.size() - written_;
    }
    void pause() override { paused_ = true; }
    void resume() override;
    void close_after_output() override;
    std::string_view peer_identity() const noexcept override { return peer_.identity; }
    std::string peer_address() const override { return peer_.address; }
    bool has_alternatives() const noexcept override { return peer_.has_alternatives; }
    void prove() noexcept override;

    void on_read(const boost::system::error_code& error, std::size_t count) override;
    void on_written(const boost::system::error_code& error, std::size_t count) override;

    std::size_t index = 0;  // in the set

private:
    enum class State : std::uint8_t {
        open,
        draining,  // our side has ended: what comes is thrown away until the peer ends, too
        closed,
    };

    void on_loop_iteration() override;
    void read();
    bool accepts_input() const noexcept { return !paused_ && !closing_; }
    std::size_t unread_bytes() const noexcept { return unread_.size() - unread_begin_; }
    void take(std::span<const std::byte> input);
    std::size_t offer(std::span<const std::byte> input);
    void offer_unread();
    void keep(std::span<const std::byte> rest);
    void append(std::span<const std::byte> bytes);
    void append_what_has_come();
    void count_unread();
    bool is_tls_response(std::span<const std::byte> first) const noexcept;
    void input_ended(const boost::system::error_code& error);
    void write();
    void settle();
    void finish();
    void blame_unless_proven();
    void drop_for_limit(std::string message);
    bool is_late(runtime::TimePoint now);
    bool is_message_slow(runtime::TimePoint now) const;
    std::string who() const;
    Failure explain(const boost::system::error_code& error) const;

    ConnectionSet& home_;
    AsioExecutor& executor_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<runtime::StreamSession> session_;
    TcpPeer peer_;

    State state_ = State::open;
    bool paused_ = false;
    bool closing_ = false;      // no more input is taken
    bool heard_ = false;        // anything of the peer
    bool proven_ = false;       // it answers
    bool input_ended_ = false;  // by the peer
    bool input_end_told_ = false;
    bool write_failed_ = false;
    bool read_under_way_ = false;
    bool write_under_way_ = false;
    bool iteration_end_asked_ = false;
    bool offer_due_ = false;
    bool reading_held_ = false;  // for output that waits

    std::size_t wanted_bytes_ = 1;
    std::string unread_;  // what the session has not taken, from `unread_begin_`
    std::size_t unread_begin_ = 0;
    std::size_t unread_counted_ = 0;  // as the set knows it
    std::string output_;
    std::string writing_;
    std::size_t written_ = 0;  // of `writing_`

    runtime::TimePoint active_at_;               // input came or output left
    runtime::TimePoint written_at_;              // output left, or began to wait
    runtime::TimePoint message_at_;              // the message that `unread_` begins with began
    const std::shared_ptr<ReadRoom> read_room_;  // shared by all, as idle connections are many
};

}  // namespace warren::transport
