#include "transport/loop/reactor.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

using std::chrono::steady_clock;

constexpr std::int64_t timeout_max_ms = 3'600'000;

/// out  -1: there is no deadline
int timeout_ms(std::optional<steady_clock::time_point> deadline) {
    if (!deadline) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, timeout_max_ms));
}

}  // namespace

Reactor::~Reactor() {
    if (poller_watch_.is_open()) {
        poller_watch_.release();
    }
}

WaitMode Reactor::where() {
    if (is_watching_) {
        return WaitMode::asio;
    }
    if (!is_asio_idle()) {
        return WaitMode::asio;
    }
    if (poller_watch_.is_open()) {
        poller_watch_.release();
    }
    return WaitMode::poller;
}

/// A context without anything under way is one that stops when it is to run.
bool Reactor::is_asio_idle() {
    context_.restart();
    context_.poll_one();
    return context_.stopped();
}

bool Reactor::poll(WaitMode where) {
    bool found = poller_.wait(0);
    if (where == WaitMode::asio) {
        context_.restart();
        found |= context_.poll_one() != 0;
    }
    return found;
}

void Reactor::wait(WaitMode where, std::optional<steady_clock::time_point> deadline) {
    if (where == WaitMode::poller) {
        poller_.wait(timeout_ms(deadline));
        return;
    }
    watch_poller();
    context_.restart();
    if (deadline) {
        // It does not look at the sockets when the time has come already.
        if (context_.run_one_until(*deadline) == 0) {
            context_.poll_one();
        }
    } else {
        context_.run_one();
    }
}

void Reactor::watch_poller() {
    if (!poller_watch_.is_open()) {
        poller_watch_.assign(poller_.native_handle());
    }
    if (!std::exchange(is_watching_, true)) {
        poller_watch_.async_wait(PollerWatch::wait_read,
                                 [this](const boost::system::error_code& error) {
                                     is_watching_ = false;
                                     if (!error) {
                                         poller_.wait(0);
                                     }
                                 });
    }
}

void Reactor::interrupt(WaitMode where) {
    if (where == WaitMode::poller) {
        poller_.interrupt();
    } else if (where == WaitMode::asio) {
        boost::asio::post(context_, [] {});
    }
}

}  // namespace warren::transport
