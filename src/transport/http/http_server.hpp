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
#include <utility>
#include <vector>

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

/// A GET or HEAD.
struct HttpServerRequest {
    std::string_view path;  // as it was sent, such as "/metrics"; without what follows "?"
    std::string_view if_none_match{};  // the header; empty: there is none
};

struct HttpServerResponse {
    unsigned status = 200;  // of HTTP
    std::string content_type = "text/plain; charset=utf-8";
    /// Further ones. Without a Cache-Control, nobody is to keep the response.
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

/// Answers GET and HEAD over HTTP/1.1.                                   [RFC 9112]
/// thread the I/O thread, or any while nobody runs it
class HttpServer {
public:
    /// in  handler: says what there is; called on the I/O thread, until `close`
    using Handler = std::function<HttpServerResponse(const HttpServerRequest& request)>;

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
