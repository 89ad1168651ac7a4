#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace warren::transport::test {

/// The network between one client and one server, which knows how many bytes have passed.
class Relay {
public:
    enum class Way : std::uint8_t { to_server, to_client };
    enum class Deed : std::uint8_t { hold, end };

    /// What it does once so many bytes have passed one way.
    struct Script {
        Way way = Way::to_server;
        Deed deed = Deed::hold;
        std::size_t after_bytes = std::numeric_limits<std::size_t>::max();
        std::size_t piece_bytes_max = std::numeric_limits<std::size_t>::max();  // at once
    };

    Relay(std::uint16_t server_port, Script script)
        : server_port_{server_port}, script_{script}, listener_{open_socket()} {
        sockaddr_in address = local(0);
        EXPECT_EQ(::bind(listener_, as_any(address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        socklen_t size = sizeof address;
        ::getsockname(listener_, as_any(address), &size);
        port_ = ntohs(address.sin_port);
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() {
        end();
        ::close(listener_);
    }

    std::uint16_t port() const { return port_; }
    bool has_acted() const { return acted_; }

    /// Pass on what has come.
    void pump() {
        if (client_ < 0 && !ended_) {
            accept();
        }
        if (client_ < 0) {
            return;
        }
        pass(Way::to_server, client_, server_);
        pass(Way::to_client, server_, client_);
    }

private:
    struct Stream {
        std::string held{};
        std::size_t passed_bytes = 0;
    };

    // So many turns of the loop, while what came before them has been read.
    static constexpr int held_pumps = 4;

    static sockaddr_in local(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    static sockaddr* as_any(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

    static int open_socket() {
        const int made = ::socket(AF_INET, SOCK_STREAM, 0);
        ::fcntl(made, F_SETFL, O_NONBLOCK);
        return made;
    }

    /// Each piece leaves at once, and does not wait for the next one.
    static void send_at_once(int socket) {
        const int yes = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }

    void accept() {
        client_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (client_ < 0) {
            return;
        }
        server_ = open_socket();
        send_at_once(client_);
        send_at_once(server_);
        sockaddr_in address = local(server_port_);
        const bool is_begun =
            ::connect(server_, as_any(address), sizeof address) == 0 || errno == EINPROGRESS;
        EXPECT_TRUE(is_begun);
    }

    void pass(Way way, int from, int to) {
        if (ended_) {
            return;
        }
        Stream& stream = streams_[static_cast<std::size_t>(way)];
        std::array<char, 65536> room;
        const std::size_t wanted = std::min(room.size(), script_.piece_bytes_max);
        if (stream.held.size() < room.size()) {
            const ssize_t count = ::recv(from, room.data(), wanted, 0);
            stream.held.append(room.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        }
        const bool is_watched = way == script_.way && !acted_;
        const std::size_t left = is_watched ? script_.after_bytes - stream.passed_bytes
                                            : std::numeric_limits<std::size_t>::max();
        const std::size_t size = std::min({stream.held.size(), left, script_.piece_bytes_max});
        const ssize_t sent = ::send(to, stream.held.data(), size, MSG_NOSIGNAL);
        const std::size_t passed = sent > 0 ? static_cast<std::size_t>(sent) : 0;
        stream.held.erase(0, passed);
        stream.passed_bytes += passed;
        if (is_watched && stream.passed_bytes == script_.after_bytes) {
            act();
        }
    }

    void act() {
        acted_ = script_.deed == Deed::end || ++held_ == held_pumps;
        if (script_.deed == Deed::end) {
            end();
        }
    }

    void end() {
        ended_ = true;
        for (int* const socket : {&client_, &server_}) {
            if (*socket >= 0) {
                ::close(std::exchange(*socket, -1));
            }
        }
    }

    const std::uint16_t server_port_;
    const Script script_;
    const int listener_;
    std::uint16_t port_ = 0;
    int client_ = -1;
    int server_ = -1;
    std::array<Stream, 2> streams_{};  // by `Way`
    int held_ = 0;
    bool acted_ = false;
    bool ended_ = false;
};

}  // namespace warren::transport::test
