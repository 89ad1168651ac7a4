#pragma once

#include "amqp/connection_core.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/dialer.hpp"
#include "transport/net/stream.hpp"

#include <memory>
#include <optional>

namespace warren::transport {

class ConnectionUser {
public:
    virtual void on_event(const amqp::Event& event) = 0;
    /// The last moment to add to the output of this turn.
    virtual void before_write() = 0;
    /// The connection is over, in order or not. The last call; the user may let go of it here.
    virtual void on_ended(const ConnectFailure& why) = 0;

protected:
    ~ConnectionUser() = default;
};

/// One life of a connection: moves bytes between a stream and the AMQP core, and lets time pass.
/// One read and one write are under way at most; what one turn of the loop produces is one write.
/// While an operation is under way the object lives, whoever lets go of it.
class Connection final : public StreamUser,
                         private LoopIterationHook,
                         public std::enable_shared_from_this<Connection> {
public:
    Connection(AsioExecutor& executor, const AmqpEndpoint& endpoint, ConnectionUser& user);
    ~Connection() override;

    /// Begin the AMQP handshake.
    void start(std::unique_ptr<Stream> stream);
    amqp::ConnectionCore& core() noexcept { return core_; }
    /// Whom to tell from now on.
    void hand_over(ConnectionUser& user) noexcept { user_ = &user; }
    /// Something was put into the output: write it at the end of this turn.
    void touch();
    /// Forget the user, and drop the connection as it is.
    void abandon() noexcept;

    void on_read(const boost::system::error_code& error, std::size_t count) override;
    void on_written(const boost::system::error_code& error, std::size_t count) override;

private:
    void on_loop_iteration() override;
    void read();
    void handle_events();
    void write();
    void keep_time();
    void end(const ConnectFailure& why);
    void close_stream() noexcept;

    AsioExecutor& executor_;
    const AmqpEndpoint& endpoint_;
    ConnectionUser* user_;
    amqp::ConnectionCore core_;
    std::unique_ptr<Stream> stream_;
    amqp::OutputBuffer writing_;
    std::size_t written_ = 0;  // of `writing_`
    bool write_under_way_ = false;
    bool iteration_end_asked_ = false;
    bool handling_events_ = false;
    std::optional<runtime::TimePoint> tick_at_;
    runtime::Executor::TimerId tick_timer_ = 0;
    runtime::Executor::TimerId linger_timer_ = 0;
};

}  // namespace warren::transport
