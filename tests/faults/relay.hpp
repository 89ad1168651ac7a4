#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace warren::faults {

/// A network that fails: it passes the bytes of TCP connections on, until it is told not to.
/// thread any
class Relay {
public:
    enum class Fault : std::uint8_t {
        cut,        // every connection is reset
        cut_frame,  // each is reset within its next few bytes
        close,      // each ends in order, to both sides
        freeze,     // each passes nothing on any more, and stays
        slow,       // each passes few bytes at a time, and late, from now on
    };
    static constexpr std::array faults{Fault::cut, Fault::cut_frame, Fault::close, Fault::freeze,
                                       Fault::slow};

    /// in  to: a port of this machine
    explicit Relay(std::uint16_t to) : to_{to} {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (bind(listener_, generic, size) != 0 || listen(listener_, SOMAXCONN) != 0 ||
            getsockname(listener_, generic, &size) != 0 || pipe(wake_.data()) != 0) {
            throw std::runtime_error{"the relay cannot listen"};
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() {
        is_over_ = true;
        wake();
        thread_.join();
        for (const Link& link : links_) {
            close_both(link);
        }
        for (const int each : {listener_, wake_[0], wake_[1]}) {
            ::close(each);
        }
    }

    std::uint16_t port() const { return port_; }

    /// Do this to every connection that there is; later ones are whole.
    void fail(Fault fault) {
        {
            const std::lock_guard lock{mutex_};
            wanted_ = fault;
        }
        wake();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t slow_bytes = 512;
    static constexpr std::chrono::milliseconds slow_pause{5};

    struct Link {
        std::array<int, 2> ends{-1, -1};
        std::optional<std::size_t> bytes_left{};  // until it is reset
        bool is_frozen = false;
        bool is_slow = false;
        bool is_over = false;
        Clock::time_point ready_at{};
    };

    static sockaddr_in loopback(std::uint16_t port) {
        return {
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    }
    static void close_both(const Link& link) {
        for (const int end : link.ends) {
            ::close(end);
        }
    }
    static void reset(Link& link) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        for (const int end : link.ends) {
            setsockopt(end, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        link.is_over = true;
    }
    void wake() { (void)!write(wake_[1], "", 1); }

    void run() {
        while (!is_over_) {
            std::vector<pollfd> waiting{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
            int timeout_ms = -1;
            for (const Link& link : links_) {
                const bool rests = link.is_slow && Clock::now() < link.ready_at;
                for (const int end : link.ends) {
                    waiting.push_back({link.is_frozen || rests ? -1 : end, POLLIN, 0});
                }
                timeout_ms = rests ? static_cast<int>(slow_pause.count()) : timeout_ms;
            }
            poll(waiting.data(), waiting.size(), timeout_ms);
            if (waiting[0].revents != 0) {
                std::array<char, 64> drained;
                (void)!read(wake_[0], drained.data(), drained.size());
            }
            for (std::size_t at = 0; at < links_.size(); ++at) {
                for (std::size_t side = 0; side < 2; ++side) {
                    Link& link = links_[at];
                    if (!link.is_over && !link.is_frozen &&
                        waiting[2 + 2 * at + side].revents != 0) {
                        pass(link, side);
                    }
                }
            }
            break_links();
            std::erase_if(links_, [](const Link& link) {
                if (link.is_over) {
                    close_both(link);
                }
                return link.is_over;
            });
            if (waiting[1].revents != 0) {
                accept_one();
            }
        }
    }

    void accept_one() {
        Link link;
        link.ends[0] = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        link.ends[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(to_);
        if (link.ends[0] < 0 || connect(link.ends[1], reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address) != 0) {
            return close_both(link);
        }
        const timeval patience{.tv_sec = 1, .tv_usec = 0};
        for (const int end : link.ends) {
            setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        }
        links_.push_back(link);
    }

    void pass(Link& link, std::size_t side) {
        std::array<char, 64 * 1024> bytes;
        std::size_t most = link.is_slow ? slow_bytes : bytes.size();
        most = link.bytes_left ? std::min(most, *link.bytes_left) : most;
        const ssize_t got = most == 0 ? 0 : recv(link.ends[side], bytes.data(), most, 0);
        if (got <= 0) {
            // A reset goes on as one.
            return got < 0 || most == 0 ? reset(link) : static_cast<void>(link.is_over = true);
        }
        if (send(link.ends[1 - side], bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) !=
            got) {
            return reset(link);
        }
        if (link.bytes_left) {
            *link.bytes_left -= static_cast<std::size_t>(got);
        }
        link.ready_at = Clock::now() + slow_pause;
    }

    void break_links() {
        std::optional<Fault> fault;
        {
            const std::lock_guard lock{mutex_};
            fault = std::exchange(wanted_, std::nullopt);
        }
        if (!fault) {
            return;
        }
        for (Link& link : links_) {
            switch (*fault) {
            case Fault::cut:
                reset(link);
                break;
            case Fault::cut_frame:
                link.bytes_left = random_() % 40;
                break;
            case Fault::close:
                link.is_over = true;
                break;
            case Fault::freeze:
                link.is_frozen = true;
                break;
            case Fault::slow:
                link.is_slow = true;
                break;
            }
        }
    }

    const std::uint16_t to_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::array<int, 2> wake_{-1, -1};
    std::vector<Link> links_;  // of the thread
    std::minstd_rand random_;  // of the thread
    std::mutex mutex_;
    std::optional<Fault> wanted_;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

}  // namespace warren::faults
