#include "transport/http/http_session.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace warren::transport {
namespace {

namespace http = boost::beast::http;

/// Whether the peer sent something that is to be told what is wrong with it.
bool is_bad_request(const boost::system::error_code& error) {
    return error.category() == http::make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
}

/// The text that a string_view of Boost's is of.
template <typename View>
std::string_view viewed(const View& view) {
    return {view.data(), view.size()};
}

HttpServerResponse unknown_method() {
    return {.status = 405, .body = "Only GET and HEAD are known here\n"};
}

}  // namespace

HttpSession::HttpSession(TcpSocket socket, const HttpServerOptions& options, const Handler& handler,
                         std::function<void()> on_end)
    : stream_{std::move(socket)},
      options_{options},
      handler_{handler},
      on_end_{std::move(on_end)},
      input_{options.request_bytes_max} {}

HttpSession::~HttpSession() {
    on_end_();
}

void HttpSession::close() noexcept {
    Error ignored;
    stream_.socket().close(ignored);
}

void HttpSession::read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.request_bytes_max));
    parser_->body_limit(0);
    // For the whole of the request: who sends a byte now and then gets no more time for it.
    stream_.expires_after(options_.request_timeout);
    http::async_read(stream_, input_, *parser_,
                     [self = shared_from_this()](Error error, std::size_t size_bytes) {
                         // The parser's own limit bounds memory, and is one for each part.
                         if (!error && size_bytes > self->options_.request_bytes_max) {
                             error = http::error::header_limit;
                         }
                         self->take(error);
                     });
}

void HttpSession::take(const Error& error) {
    if (!stream_.socket().is_open() || (error && !is_bad_request(error))) {
        close();
        return;
    }
    send(response_to(error), !error && parser_->get().keep_alive());
}

bool HttpSession::is_known_method() const {
    const http::verb method = parser_->get().method();
    return method == http::verb::get || method == http::verb::head;
}

HttpServerResponse HttpSession::response_to(const Error& error) const {
    if (!error) {
        return response_to_request();
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return {.status = 431, .body = "The request is too long\n"};
    }
    if (error == http::error::body_limit || error == http::error::unexpected_body) {
        return is_known_method()
                   ? HttpServerResponse{.status = 413, .body = "No body is taken here\n"}
                   : unknown_method();
    }
    return {.status = 400, .body = "This is no HTTP request\n"};
}

HttpServerResponse HttpSession::response_to_request() const {
    if (!is_known_method()) {
        return unknown_method();
    }
    const std::string_view target = viewed(parser_->get().target());
    return handler_({.path = target.substr(0, target.find('?')),
                     .if_none_match = viewed(parser_->get()[http::field::if_none_match])});
}

void HttpSession::send(HttpServerResponse response, bool keeps_alive) {
    response_ = {};
    response_.result(response.status);
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) {
        response_.set(name, value);
    }
    if (response.status == 405) {
        response_.set(http::field::allow, "GET, HEAD");
    }
    response_.body() = std::move(response.body);
    response_.prepare_payload();
    response_.keep_alive(keeps_alive);
    serializer_.emplace(response_);
    stream_.expires_after(options_.request_timeout);
    auto done = [self = shared_from_this()](const Error& error, std::size_t) { self->sent(error); };
    if (parser_->get().method() == http::verb::head) {
        http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
        http::async_write(stream_, *serializer_, std::move(done));
    }
}

void HttpSession::sent(const Error& error) {
    if (error || !response_.keep_alive() || !stream_.socket().is_open()) {
        Error ignored;
        stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
        close();
        return;
    }
    read();
}

}  // namespace warren::transport
