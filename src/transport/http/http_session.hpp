#pragma once

#include "transport/http/http_server.hpp"
#include "transport/net/tcp_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace warren::transport {

/// One connection to an `HttpServer`: request and answer, in turn. It lives as long as it has
/// something under way.
/// thread the I/O thread
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    using Handler = HttpServer::Handler;
    /// in  options, handler: outlive every call of the session's; see `close`
    HttpSession(TcpSocket socket, const HttpServerOptions& options, const Handler& handler,
                std::function<void()> on_end);
    ~HttpSession();

    void read();
    void close() noexcept;

private:
    using Error = boost::system::error_code;

    void take(const Error& error);
    bool is_known_method() const;
    HttpServerResponse response_to(const Error& error) const;
    HttpServerResponse response_to_request() const;
    void send(HttpServerResponse response, bool keeps_alive);
    void sent(const Error& error);

    boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
        stream_;
    const HttpServerOptions& options_;
    const Handler& handler_;
    std::function<void()> on_end_;
    boost::beast::flat_buffer input_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    std::optional<boost::beast::http::serializer<false, boost::beast::http::string_body>>
        serializer_;
};

}  // namespace warren::transport
