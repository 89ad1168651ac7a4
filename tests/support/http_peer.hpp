#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace warren::test {

/// One connection to a server of HTTP on this machine, whose bytes the test writes itself.
/// thread one at a time
class HttpPeer {
public:
    /// in   address: such as "127.0.0.1:40123"
    explicit HttpPeer(const std::string& address) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        where.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
            throw std::runtime_error{"cannot connect to " + address};
        }
    }
    HttpPeer(const HttpPeer&) = delete;
    HttpPeer& operator=(const HttpPeer&) = delete;
    ~HttpPeer() { ::close(socket_); }

    void send(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    /// And goes on to read.
    void send_no_more() { ::shutdown(socket_, SHUT_WR); }

    /// out  all that comes until the server closes the connection
    std::string read_to_end() {
        while (read_some()) {
        }
        return std::move(read_);
    }
    /// out  all that has come once it ends with these bytes, or the connection is closed
    std::string read_until(std::string_view end) {
        while (!read_.ends_with(end) && read_some()) {
        }
        return std::move(read_);
    }

private:
    bool read_some() {
        char buffer[4096];
        const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
        if (size > 0) {
            read_.append(buffer, static_cast<std::size_t>(size));
        }
        return size > 0;
    }

    int socket_;
    std::string read_;
};

/// The whole answer to one GET.
inline std::string http_get(const std::string& address, std::string_view path) {
    HttpPeer peer{address};
    peer.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return peer.read_to_end();
}

/// out  the three digits of a response; empty when there is none
inline std::string status_of(const std::string& response) {
    return response.starts_with("HTTP/1.") ? response.substr(9, 3) : std::string{};
}

}  // namespace warren::test
