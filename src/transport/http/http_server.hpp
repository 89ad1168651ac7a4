#pragma once

#include <warren/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace warren::transport {

class AsioExecutor;

struct HttpServerOptions {
    std::string host = "127.0.0.1";    // as TcpServerOptions::host
    std::uint16_t port = 9095;         // 0: a free one
    std::size_t connections_max = 32;  // those over it are closed as soon as they come
    std::size_t request_bytes_max = 8192;
    /// For a request to come, from the first byte or since the last answer, and for a response to
    /// leave.
    std::chrono::milliseconds request_timeout{10'000};
};

struct HttpServerResponse {
    unsigned status = 200;  // of HTTP
    std::string content_type = "text/plain; charset=utf-8";
    std::string body{};
};

/// Answers GET and HEAD over HTTP/1.1, for monitoring.                  [RFC 9112]
/// thread the I/O thread, or any while nobody runs it
class HttpServer {
public:
    /// in  handler: what there is at a path, such as "/metrics"; called on the I/O thread, until
    ///     `close`
    using Handler = std::function<HttpServerResponse(std::string_view path)>;

    /// in  executor: outlives the listener
    HttpServer(AsioExecutor& executor, HttpServerOptions options, Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// err  invalid_request: the address cannot be had; says which, why, and what to do
    std::expected<void, Failure> start();
    /// Such as "127.0.0.1:9095", once started.                                       thread any
    const std::string& local_address() const noexcept;
    /// End, with all connections.
    void close() noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
