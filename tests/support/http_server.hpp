#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace warren::test {

/// A server of HTTP on a free port of this machine, which answers with whatever bytes a test gives
/// it.
class HttpServer {
public:
    /// out  the bytes to send, after which the connection stays; empty: it is closed without any
    /// thread of the call: the connection's own
    using Answer = std::function<std::string(const std::string& request)>;

    /// in   certificate, key: files; empty: without TLS
    explicit HttpServer(Answer answer, const std::string& certificate = {},
                        const std::string& key = {})
        : answer_{std::move(answer)}, listening_{::socket(AF_INET, SOCK_STREAM, 0)} {
        if (!certificate.empty()) {
            tls_.reset(SSL_CTX_new(TLS_server_method()));
            if (SSL_CTX_use_certificate_chain_file(tls_.get(), certificate.c_str()) != 1 ||
                SSL_CTX_use_PrivateKey_file(tls_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
                throw std::runtime_error{"cannot use the certificate"};
            }
        }
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        auto* const address = reinterpret_cast<sockaddr*>(&where);
        if (::bind(listening_, address, size) != 0 || ::listen(listening_, 8) != 0 ||
            ::getsockname(listening_, address, &size) != 0) {
            throw std::runtime_error{"cannot listen"};
        }
        port_ = ntohs(where.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer() {
        ::shutdown(listening_, SHUT_RDWR);
        thread_.join();
        for (const std::unique_ptr<Connection>& connection : accepted_) {
            ::shutdown(connection->socket, SHUT_RDWR);
            connection->thread.join();
            ::close(connection->socket);
        }
        ::close(listening_);
    }

    std::uint16_t port() const noexcept { return port_; }
    std::string url() const {
        return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
    }

    /// Wait until so many requests have come.
    /// out  all of them, heads and bodies
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return requests_.size() >= count; });
        return requests_;
    }
    std::size_t connections() const noexcept { return connections_; }

private:
    struct Free {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    /// One connection, in plaintext or under TLS.
    struct Connection {
        int socket;
        std::unique_ptr<SSL, Free> ssl{};
        std::thread thread{};

        ssize_t read(char* room, std::size_t size) const {
            return ssl ? SSL_read(ssl.get(), room, static_cast<int>(size))
                       : ::recv(socket, room, size, 0);
        }
        void write(std::string_view bytes) const {
            if (ssl) {
                SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
            } else {
                ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            }
        }
    };

    void run() {
        for (int socket = -1; (socket = ::accept(listening_, nullptr, nullptr)) >= 0;) {
            Connection& connection =
                *accepted_.emplace_back(std::make_unique<Connection>(Connection{socket}));
            ++connections_;
            connection.thread = std::thread{[this, &connection] { begin(connection); }};
        }
    }

    void begin(Connection& connection) {
        if (tls_) {
            connection.ssl.reset(SSL_new(tls_.get()));
            SSL_set_fd(connection.ssl.get(), connection.socket);
        }
        if (!connection.ssl || SSL_accept(connection.ssl.get()) == 1) {
            serve(connection);
        }
        ::shutdown(connection.socket, SHUT_RDWR);
    }

    void serve(const Connection& connection) {
        std::string read;
        char buffer[4096];
        for (ssize_t size = 0; (size = connection.read(buffer, sizeof buffer)) > 0;) {
            read.append(buffer, static_cast<std::size_t>(size));
            while (const std::size_t bytes = size_of_request(read)) {
                const std::string request = read.substr(0, bytes);
                read.erase(0, bytes);
                const std::string answer = answer_(request);
                {
                    const std::lock_guard lock{mutex_};
                    requests_.push_back(request);
                }
                changed_.notify_all();
                if (answer.empty()) {
                    return;
                }
                connection.write(answer);
            }
        }
    }

    /// out  0: it is not all there
    static std::size_t size_of_request(std::string_view read) {
        const std::size_t head = read.find("\r\n\r\n");
        const std::size_t length = read.find("Content-Length: ");
        if (head == std::string_view::npos) {
            return 0;
        }
        const bool has_body = length < head;
        const std::size_t size =
            head + 4 + (has_body ? std::stoul(std::string{read.substr(length + 16, 12)}) : 0);
        return read.size() >= size ? size : 0;
    }

    const Answer answer_;
    std::unique_ptr<SSL_CTX, Free> tls_;
    const int listening_;
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<Connection>> accepted_;  // of its thread, while that runs
    std::atomic<std::size_t> connections_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

inline std::string http_answer(std::string_view status, std::string_view body = "{}",
                               std::string_view headers = "") {
    return "HTTP/1.1 " + std::string{status} +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string{headers} +
           "\r\n" + std::string{body};
}

}  // namespace warren::test
