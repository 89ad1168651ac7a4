#include "transport/amqp/connection.hpp"

#include "core/while_alive.hpp"
#include "transport/net/tls_failure.hpp"

#include <boost/asio/ssl/error.hpp>

#include <new>
#include <utility>

namespace warren::transport {
namespace {

// Room for many messages at once: the more one read brings, the more one write answers.
constexpr std::size_t read_bytes_min = std::size_t{64} << 10;
// How long the last words to a broker may take that does not read any more.
constexpr std::chrono::seconds linger_max{1};

}  // namespace

Connection::Connection(AsioExecutor& executor, const AmqpEndpoint& endpoint, ConnectionUser& user)
    : executor_{executor},
      endpoint_{endpoint},
      user_{&user},
      core_{endpoint.current_connection()} {}

Connection::~Connection() {
    executor_.forget(*this);
}

void Connection::start(std::unique_ptr<Stream> stream) {
    stream_ = std::move(stream);
    core_.start(executor_.now());
    touch();
    read();
}

void Connection::touch() {
    if (!std::exchange(iteration_end_asked_, true)) {
        executor_.at_iteration_end(*this);
    }
}

void Connection::abandon() noexcept {
    user_ = nullptr;
    close_stream();
}

void Connection::on_loop_iteration() {
    iteration_end_asked_ = false;
    // An end of the core's own (invalid options, a missed heartbeat) has no input to come with.
    const std::shared_ptr<Connection> self = shared_from_this();
    handle_events();
    if (user_ != nullptr) {
        user_->before_write();
    }
    write();
    keep_time();
}

void Connection::read() {
    stream_->start_read(core_.prepare(read_bytes_min), shared_from_this());
}

void Connection::on_read(const boost::system::error_code& error, std::size_t count) {
    if (user_ == nullptr) {
        return;
    }
    if (count != 0) {
        try {
            core_.commit(count, executor_.now());
        } catch (const std::bad_alloc&) {
            return end({.failure = {
                            .code = Code::connection_lost,
                            .message = endpoint_.display() + ": no memory is left for what came"}});
        }
    }
    handle_events();
    if (error && user_ != nullptr) {
        if (error.category() == boost::asio::error::get_ssl_category()) {
            return end(explain_broken(error, endpoint_.dial_target()));
        }
        core_.end_of_input();
        handle_events();
    }
    if (user_ == nullptr) {
        return;
    }
    touch();
    if (!error) {
        read();
    }
}

void Connection::handle_events() {
    if (handling_events_) {
        return;
    }
    handling_events_ = true;
    while (user_ != nullptr) {
        const amqp::Event* const event = core_.next_event();
        if (event == nullptr) {
            break;
        }
        if (const auto* failed = std::get_if<amqp::Failed>(event)) {
            end(explain(*failed, endpoint_));
        } else if (const auto* closed = std::get_if<amqp::ConnectionClosed>(event)) {
            end(explain(*closed, endpoint_));
        } else {
            user_->on_event(*event);
        }
    }
    handling_events_ = false;
}

void Connection::write() {
    if (write_under_way_ || stream_ == nullptr) {
        return;
    }
    while (written_ == writing_.size()) {
        if (core_.output_bytes() == 0) {
            if (user_ == nullptr) {
                close_stream();
            }
            return;
        }
        core_.take_output(writing_);
        written_ = stream_->write_now(writing_.bytes());
    }
    write_under_way_ = true;
    stream_->start_write(writing_.bytes().subspan(written_), shared_from_this());
}

void Connection::on_written(const boost::system::error_code& error, std::size_t count) {
    write_under_way_ = false;
    if (error) {
        // The read ends, too, and knows better why: the broker's last words may wait there.
        return;
    }
    written_ += count;
    write();
}

void Connection::keep_time() {
    const std::optional<runtime::TimePoint> deadline = core_.next_deadline();
    if (user_ == nullptr || !deadline || (tick_at_ && *tick_at_ <= *deadline)) {
        return;
    }
    if (tick_at_) {
        executor_.cancel(tick_timer_);
    }
    tick_at_ = deadline;
    tick_timer_ = executor_.post_at(*deadline, core::while_alive(weak_from_this(), [this] {
        tick_at_.reset();
        core_.tick(executor_.now());
        touch();
    }));
}

void Connection::end(const ConnectFailure& why) {
    ConnectionUser* const user = std::exchange(user_, nullptr);
    // What is left of the output tells the broker why; then, or after a while, we hang up.
    linger_timer_ = executor_.post_at(executor_.now() + linger_max,
                                      [self = shared_from_this()] { self->close_stream(); });
    touch();
    user->on_ended(why);
}

void Connection::close_stream() noexcept {
    executor_.cancel(tick_timer_);
    executor_.cancel(linger_timer_);
    if (stream_ != nullptr) {
        stream_->close();
    }
}

}  // namespace warren::transport
