#pragma once

#include "runtime/executor.hpp"
#include "transport/http/http_server.hpp"
#include "transport/net/tcp_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace warren::transport {

struct HttpHandlers {
    AsioExecutor& executor;
    HttpServer::Handler get;
    HttpServer::PostHandler post;  // null: there is no POST
};

/// One connection to an `HttpServer`: request and answer, in turn. It lives as long as it has
/// something under way.
/// thread the I/O thread
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    /// in  options, handlers: outlive every call of the session's; see `close`
    HttpSession(TcpSocket socket, const HttpServerOptions& options, const HttpHandlers& handlers,
                std::function<void()> on_end);
    ~HttpSession();

    void read();
    void close() noexcept;
    /// Whether a responder is out: somebody waits for what comes of a POST.
    bool is_asked() const noexcept { return is_asked_; }

private:
    using Error = boost::system::error_code;

    void take_head(const Error& error, std::size_t size_bytes);
    void read_body(std::size_t head_bytes);
    void take(Error error, std::size_t size_bytes);
    bool is_post() const;
    bool is_known_method() const;
    HttpServerResponse unknown_method() const;
    HttpServerResponse response_to(const Error& error) const;
    void answer();
    HttpServerRequest request() const;
    HttpResponder responder();
    void respond(HttpServerResponse response);
    void watch();
    void watched(const Error& error, std::size_t size_bytes);
    void send(HttpServerResponse response, bool keeps_alive);
    void sent(const Error& error);
    void drop_rest();

    boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
        stream_;
    const HttpServerOptions& options_;
    const HttpHandlers& handlers_;
    std::function<void()> on_end_;
    boost::beast::flat_buffer input_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    std::optional<boost::beast::http::serializer<false, boost::beast::http::string_body>>
        serializer_;
    std::array<char, 4096> dropped_{};
    runtime::TimePoint ends_{};  // the time of the request
    runtime::Executor::TimerId late_timer_ = 0;
    bool is_late_ = false;
    bool is_asked_ = false;
    bool is_watching_ = false;                        // a read is under way, while it is asked
    std::optional<HttpServerResponse> to_respond_{};  // once that read has ended
    std::stop_source gone_{std::nostopstate};
};

}  // namespace warren::transport
