#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
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
        latency,    // each passes on what comes within a second 50 ms late, each way
        throttle,   // each passes 16 KiB/s in all, for a second
    };
    static constexpr std::array faults{Fault::cut,  Fault::cut_frame, Fault::close,   Fault::freeze,
                                       Fault::slow, Fault::latency,   Fault::throttle};

    /// in  to: a port of this machine
    explicit Relay(std::uint16_t to) {
        const sockaddr_in address = loopback(to);
        to_.assign(reinterpret_cast<const char*>(&address), sizeof address);
        start();
    }
    /// in  to: the path of a Unix socket
    explicit Relay(const std::string& to) {
        sockaddr_un address{.sun_family = AF_UNIX};
        if (to.size() >= sizeof address.sun_path) {
            throw std::runtime_error{"no Unix socket has so long a path: " + to};
        }
        std::memcpy(address.sun_path, to.data(), to.size());
        to_.assign(reinterpret_cast<const char*>(&address), sizeof address);
        start();
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
    static constexpr std::chrono::seconds passing_fault{1};
    static constexpr std::chrono::milliseconds latency{50};
    static constexpr std::size_t held_bytes_max = std::size_t{4} << 20;

    /// So many bytes at a time, and a pause after each.
    struct Pace {
        std::size_t bytes;
        std::chrono::milliseconds pause;
        Clock::time_point until;
    };
    /// Bytes that are late; none: the end of all.
    struct Piece {
        Clock::time_point due;
        std::string bytes;
    };
    struct Link {
        std::array<int, 2> ends{-1, -1};
        std::optional<std::size_t> bytes_left{};  // until it is reset
        bool is_frozen = false;
        bool is_over = false;
        std::optional<Pace> pace{};
        Clock::time_point ready_at{};
        Clock::time_point late_until{};
        std::array<std::deque<Piece>, 2> late{};  // from either end
        std::size_t held_bytes = 0;

        bool rests(Clock::time_point now) const {
            return is_frozen || now < ready_at || held_bytes >= held_bytes_max;
        }
    };

    void start() {
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
            const std::vector<bool> is_readable = await();
            for (std::size_t at = 0; at < links_.size(); ++at) {
                for (std::size_t side = 0; side < 2; ++side) {
                    Link& link = links_[at];
                    if (!link.is_over && !link.is_frozen) {
                        pass_late(link, side);
                    }
                    if (!link.is_over && is_readable[2 * at + side]) {
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
            if (is_readable.back()) {
                accept_one();
            }
        }
    }

    /// Wait for bytes, connections, a fault, or for what was late.
    /// out  of each link's ends, whether it is to be read; last, whether somebody connects
    std::vector<bool> await() {
        std::vector<pollfd> waiting{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
        const auto now = Clock::now();
        std::optional<Clock::time_point> next;
        const auto come_back = [&](Clock::time_point at) {
            next = std::min(next.value_or(at), at);
        };
        for (const Link& link : links_) {
            for (std::size_t side = 0; side < 2; ++side) {
                waiting.push_back({link.rests(now) ? -1 : link.ends[side], POLLIN, 0});
                if (!link.is_frozen && !link.late[side].empty()) {
                    come_back(link.late[side].front().due);
                }
            }
            if (!link.is_frozen && now < link.ready_at) {
                come_back(link.ready_at);
            }
        }
        const auto left =
            next ? std::chrono::ceil<std::chrono::milliseconds>(*next - now).count() : -1;
        poll(waiting.data(), waiting.size(), next ? std::max(0, static_cast<int>(left)) : -1);
        if (waiting[0].revents != 0) {
            std::array<char, 64> drained;
            (void)!read(wake_[0], drained.data(), drained.size());
        }
        std::vector<bool> is_readable;
        for (std::size_t at = 2; at < waiting.size(); ++at) {
            is_readable.push_back(waiting[at].revents != 0);
        }
        is_readable.push_back(waiting[1].revents != 0);
        return is_readable;
    }

    void accept_one() {
        Link link;
        link.ends[0] = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const auto* const to = reinterpret_cast<const sockaddr*>(to_.data());
        link.ends[1] = ::socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (link.ends[0] < 0 ||
            connect(link.ends[1], to, static_cast<socklen_t>(to_.size())) != 0) {
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
        const auto now = Clock::now();
        if (link.pace && link.pace->until <= now) {
            link.pace.reset();
        }
        std::size_t most = link.pace ? link.pace->bytes : bytes.size();
        most = link.bytes_left ? std::min(most, *link.bytes_left) : most;
        const ssize_t got = most == 0 ? 0 : recv(link.ends[side], bytes.data(), most, 0);
        if (got < 0 || most == 0) {
            return reset(link);  // A reset goes on as one.
        }
        const std::string_view read{bytes.data(), static_cast<std::size_t>(got)};
        if (now < link.late_until || !link.late[side].empty()) {
            link.late[side].push_back({now + latency, std::string{read}});
            link.held_bytes += read.size();
            // At its end there is nothing more to read.
            link.held_bytes = read.empty() ? held_bytes_max : link.held_bytes;
        } else {
            send_on(link, side, read);
        }
        if (link.bytes_left) {
            *link.bytes_left -= read.size();
        }
        if (link.pace) {
            link.ready_at = now + link.pace->pause;
        }
    }

    static void pass_late(Link& link, std::size_t side) {
        std::deque<Piece>& late = link.late[side];
        while (!link.is_over && !late.empty() && late.front().due <= Clock::now()) {
            send_on(link, side, late.front().bytes);
            link.held_bytes -= std::min(link.held_bytes, late.front().bytes.size());
            late.pop_front();
        }
    }

    /// in  bytes: none: it ends in order, both ways
    static void send_on(Link& link, std::size_t side, std::string_view bytes) {
        if (bytes.empty()) {
            link.is_over = true;
        } else if (send(link.ends[1 - side], bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
                   static_cast<ssize_t>(bytes.size())) {
            reset(link);
        }
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
                link.pace = {512, std::chrono::milliseconds{5}, Clock::time_point::max()};
                break;
            case Fault::latency:
                link.late_until = Clock::now() + passing_fault;
                break;
            case Fault::throttle:
                link.pace = {164, std::chrono::milliseconds{10}, Clock::now() + passing_fault};
                break;
            }
        }
    }

    std::string to_;  // an address of a socket
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
