#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace warren::transport {

class PolledSocket;

/// What can be done with a socket at once, or what somebody wants to be able to do.
struct Readiness {
    bool readable = false;
    bool writable = false;
};

/// Who a polled socket tells what it wanted to know.
class PolledUser {
public:
    /// in  ready: of what was wanted, and wanted no more; all of it where the socket is broken
    virtual void on_ready(Readiness ready) = 0;

protected:
    ~PolledUser() = default;
};

/// The sockets of one loop, in a set of the system's own. Sockets that are asked for again and
/// again cost one system call for all that are ready, and none to be asked for again. [epoll(7)]
/// thread one at a time
class Poller {
public:
    /// err  std::system_error: the system has no descriptor left
    Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller();

    /// Wait until a socket is ready, and tell the users of all that are.
    /// in   timeout_ms: 0: do not wait; -1: for ever
    /// out  whether there was any, or an interruption
    bool wait(int timeout_ms);
    /// Make the `wait` that sleeps return, or the next one.                       thread any
    void interrupt() noexcept;

    /// How many sockets were ready in the last `wait`.
    std::size_t ready_count() const noexcept { return ready_count_; }
    /// Readable while a socket is ready; for another set to watch.
    int native_handle() const noexcept { return epoll_; }

private:
    friend class PolledSocket;

    static constexpr std::size_t events_max = 128;  // in one turn; others wait for the next

    bool set(int operation, int descriptor, std::uint32_t events, PolledSocket* socket) noexcept;
    void forget(const PolledSocket& socket) noexcept;

    int epoll_;
    int interruption_;
    std::array<epoll_event, events_max> events_;
    std::size_t ready_count_ = 0;
    std::span<epoll_event> undelivered_{};  // of the events, while users are told
};

/// A connected or listening socket, owned, in a poller.           thread that of the poller
class PolledSocket {
public:
    /// in  descriptor: does not block
    ///     user: outlives this
    PolledSocket(Poller& poller, int descriptor, PolledUser& user) noexcept
        : poller_{poller}, descriptor_{descriptor}, user_{user} {}
    PolledSocket(const PolledSocket&) = delete;
    PolledSocket& operator=(const PolledSocket&) = delete;
    ~PolledSocket() { close(); }

    /// -1 once closed
    int native_handle() const noexcept { return descriptor_; }
    bool is_open() const noexcept { return descriptor_ >= 0; }

    /// Be told once, in a turn to come, that the socket is ready.
    /// out   false: the system refuses to watch it
    /// cost  a system call where that was not wanted of late
    bool want_readable() noexcept { return want(EPOLLIN); }
    bool want_writable() noexcept { return want(EPOLLOUT); }
    /// The user hears no more.
    void close() noexcept;
    /// The same, but the descriptor goes on, and is the caller's.
    int release() noexcept;

private:
    friend class Poller;

    bool want(std::uint32_t event) noexcept;
    bool watch(std::uint32_t events) noexcept;
    void notify(std::uint32_t events);

    Poller& poller_;
    int descriptor_;
    PolledUser& user_;
    std::uint32_t wanted_ = 0;
    std::uint32_t watched_ = 0;  // as the poller's set knows it; 0: it is not there
};

}  // namespace warren::transport
