#pragma once

#include <warren/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::transport {

class AsioExecutor;

struct HttpServerOptions {
    std::string host = "127.0.0.1";         // as TcpServerOptions::host
    std::uint16_t port = 9095;              // 0: a free one
    std::optional<int> listening_socket{};  // as TcpServerOptions::listening_socket
    std::string unix_path{};                // of a Unix socket, instead of host and port
    unsigned unix_mode = 0660;              // of its file
    std::size_t connections_max = 32;       // over it the oldest that asks nothing gives way
    std::size_t request_bytes_max = 8192;
    std::size_t body_bytes_max = 0;  // beside that, of a POST, where there is a handler of those
    /// For a request to come, from the first byte or since the last answer, and for a response to
    /// leave.
    std::chrono::milliseconds request_timeout{10'000};
};

/// A GET or HEAD, or a POST.
struct HttpServerRequest {
    std::string_view path;     // as it was sent, such as "/metrics"; without what follows "?"
    std::string_view query{};  // that: as it was sent, such as "after=7"
    std::string_view if_none_match{};  // the header; empty: there is none
    std::string_view body{};           // of a POST
    /// Any header; of several of one name all, with ", " between; empty: there is none.
    std::function<std::string(std::string_view name)> header{};
    std::stop_token gone{};  // of a POST: requested once who asked has gone
};

struct HttpServerResponse {
    unsigned status = 200;  // of HTTP
    std::string content_type = "text/plain; charset=utf-8";
    /// Further ones. Without a Cache-Control, nobody is to keep the response.
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

/// Answers one request, once. Who asked gets a 500 when it is destroyed without having done so.
/// thread any; the executor of its server is still there
class HttpResponder {
public:
    using Send = std::move_only_function<void(HttpServerResponse)>;

    explicit HttpResponder(Send send) noexcept : send_{std::move(send)} {}
    HttpResponder(HttpResponder&& other) noexcept : send_{std::exchange(other.send_, nullptr)} {}
    HttpResponder& operator=(HttpResponder&&) = delete;
    ~HttpResponder() { respond({.status = 500, .body = "There is no answer\n"}); }

    void respond(HttpServerResponse response) {
        if (send_ != nullptr) {
            std::exchange(send_, nullptr)(std::move(response));
        }
    }

private:
    Send send_;
};

/// Answers GET and HEAD over HTTP/1.1, and POST where it is told how.     [RFC 9112]
/// thread the I/O thread, or any while nobody runs it
class HttpServer {
public:
    /// in  handler: says what there is; called on the I/O thread, until `close`
    using Handler = std::function<HttpServerResponse(const HttpServerRequest& request)>;
    /// The same of a POST, which may be answered later; the request is gone once it returns.
    using PostHandler =
        std::function<void(const HttpServerRequest& request, HttpResponder responder)>;

    /// in  executor: outlives the listener
    ///     on_post: null: there is no POST
    HttpServer(AsioExecutor& executor, HttpServerOptions options, Handler handler,
               PostHandler on_post = nullptr);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// err  invalid_request: the address cannot be had; says which, why, and what to do
    std::expected<void, Failure> start();
    /// Such as "127.0.0.1:9095" or "unix:///path", once started.                    thread any
    const std::string& local_address() const noexcept;
    /// End, with all connections.
    void close() noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
