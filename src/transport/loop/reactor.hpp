#pragma once

#include "transport/loop/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace warren::transport {

enum class WaitMode : std::uint8_t { nowhere, poller, asio };

/// What a loop waits in: a poller for the sockets of connections, and Asio for all that comes and
/// goes, such as connecting. Only Asio itself can wait for what it waits for: while there is such,
/// the poller is one more socket in there, which costs system calls; otherwise Asio is left alone.
/// thread one at a time
class Reactor {
public:
    Reactor() = default;
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor();

    Poller& poller() noexcept { return poller_; }
    boost::asio::io_context& context() noexcept { return context_; }

    /// Where to wait in this turn. It may run what is ready in Asio, for that is how to find out.
    WaitMode where();
    /// Run what is ready.
    /// in   where: what `where` said in this turn
    /// out  whether there was anything
    bool poll(WaitMode where);
    /// Wait until something is ready, or until the deadline, and run it.
    void wait(WaitMode where, std::optional<std::chrono::steady_clock::time_point> deadline);
    /// End a `wait` there, or the next one.                                       thread any
    void interrupt(WaitMode where);

private:
    using PollerWatch =
        boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    bool is_asio_idle();
    void watch_poller();

    Poller poller_{};
    // One thread runs the context, so its reactor needs no locks; posting and name resolution come
    // from other threads, so its scheduler does.
    boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    PollerWatch poller_watch_{context_};  // open as long as Asio is not idle
    bool is_watching_ = false;            // so that Asio has something to wait for in any case
};

}  // namespace warren::transport
