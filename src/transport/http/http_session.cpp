#include "transport/http/http_session.hpp"

#include "transport/loop/asio_executor.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <chrono>
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

}  // namespace

HttpSession::HttpSession(TcpSocket socket, const HttpServerOptions& options,
                         const HttpHandlers& handlers, std::function<void()> on_end)
    : stream_{std::move(socket)},
      options_{options},
      handlers_{handlers},
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
    is_late_ = false;
    parser_->header_limit(static_cast<std::uint32_t>(options_.request_bytes_max));
    parser_->body_limit(options_.body_bytes_max);
    // For the whole of the request: who sends a byte now and then gets no more time for it.
    stream_.expires_after(options_.request_timeout);
    ends_ = handlers_.executor.now() + options_.request_timeout;
    http::async_read_header(
        stream_, input_, *parser_,
        [self = shared_from_this()](const Error& error, std::size_t size_bytes) {
            self->take_head(error, size_bytes);
        });
}

void HttpSession::take_head(const Error& error, std::size_t size_bytes) {
    if (error || parser_->is_done()) {
        return take(error, size_bytes);
    }
    // Who waits for a word before the body.                               [RFC 9110 10.1.1]
    const bool waits = parser_->get().version() >= 11 && input_.size() == 0 &&
                       boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
    if (!waits) {
        return read_body(size_bytes);
    }
    if (!is_post()) {
        return send(
            is_known_method() ? response_to(http::error::unexpected_body) : unknown_method(),
            false);
    }
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(
        stream_, boost::asio::buffer(go_on),
        [self = shared_from_this(), size_bytes](const Error& failed, std::size_t) {
            if (failed) {
                return self->close();
            }
            self->read_body(size_bytes);
        });
}

/// The time that there is stays that of the whole request. The stream's own would close the
/// connection before anything can be said.
void HttpSession::read_body(std::size_t head_bytes) {
    constexpr std::chrono::seconds beyond{5};
    stream_.expires_after(options_.request_timeout + beyond);
    late_timer_ = handlers_.executor.post_at(ends_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->late_timer_ = 0;
            self->is_late_ = true;
            self->stream_.cancel();
        }
    });
    http::async_read(
        stream_, input_, *parser_,
        [self = shared_from_this(), head_bytes](const Error& error, std::size_t size_bytes) {
            if (self->late_timer_ != 0) {
                self->handlers_.executor.cancel(std::exchange(self->late_timer_, 0));
            }
            self->take(error, head_bytes + size_bytes);
        });
}

void HttpSession::take(Error error, std::size_t size_bytes) {
    // The parser's own limit bounds memory, and is one for each part.
    if (!error && size_bytes > options_.request_bytes_max + options_.body_bytes_max) {
        error = http::error::header_limit;
    }
    if (error == boost::asio::error::operation_aborted && std::exchange(is_late_, false) &&
        stream_.socket().is_open()) {
        return send({.status = 408, .body = "The body did not come in time\n"}, false);
    }
    if (!stream_.socket().is_open() || (error && !is_bad_request(error))) {
        close();
        return;
    }
    if (error) {
        return send(response_to(error), false);
    }
    // Whoever is between might take another one for its own.                [RFC 9112 3.2]
    if (parser_->get().count(http::field::host) > 1) {
        return send({.status = 400, .body = "There are several headers Host\n"}, false);
    }
    answer();
}

bool HttpSession::is_post() const {
    return handlers_.post != nullptr && parser_->get().method() == http::verb::post;
}

bool HttpSession::is_known_method() const {
    const http::verb method = parser_->get().method();
    return method == http::verb::get || method == http::verb::head || is_post();
}

HttpServerResponse HttpSession::unknown_method() const {
    return {.status = 405,
            .body = handlers_.post == nullptr ? "Only GET and HEAD are known here\n"
                                              : "Only GET, HEAD and POST are known here\n"};
}

HttpServerResponse HttpSession::response_to(const Error& error) const {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return {.status = 431, .body = "The request is too long\n"};
    }
    if (error != http::error::body_limit && error != http::error::unexpected_body) {
        return {.status = 400, .body = "This is no HTTP request\n"};
    }
    if (!is_known_method()) {
        return unknown_method();
    }
    return {.status = 413,
            .body = is_post() ? "The body is over " + std::to_string(options_.body_bytes_max) +
                                    " bytes, which is the limit here\n"
                              : "No body is taken here\n"};
}

void HttpSession::answer() {
    const bool keeps_alive = parser_->get().keep_alive();
    if (!is_known_method()) {
        return send(unknown_method(), keeps_alive);
    }
    if (is_post()) {
        stream_.expires_never();
        gone_ = std::stop_source{};
        is_asked_ = true;
        handlers_.post(request(), responder());
        return watch();
    }
    if (!parser_->get().body().empty()) {
        return send(response_to(http::error::unexpected_body), false);
    }
    send(handlers_.get(request()), keeps_alive);
}

HttpServerRequest HttpSession::request() const {
    const auto& message = parser_->get();
    const std::string_view target = viewed(message.target());
    const std::size_t end = std::min(target.find('?'), target.size());
    return {.path = target.substr(0, end),
            .query = target.substr(std::min(end + 1, target.size())),
            .if_none_match = viewed(message[http::field::if_none_match]),
            .body = message.body(),
            .header =
                [&message](std::string_view name) {
                    std::string all;
                    const auto [first, last] = message.equal_range({name.data(), name.size()});
                    for (auto field = first; field != last; ++field) {
                        all.append(field == first ? "" : ", ").append(viewed(field->value()));
                    }
                    return all;
                },
            .gone = gone_.get_token()};
}

/// Whoever answers lets go of the session on the I/O thread alone.
HttpResponder HttpSession::responder() {
    return HttpResponder{[executor = &handlers_.executor,
                          self = shared_from_this()](HttpServerResponse response) mutable {
        executor->post([self = std::move(self), response = std::move(response)]() mutable {
            self->respond(std::move(response));
        });
    }};
}

void HttpSession::respond(HttpServerResponse response) {
    if (is_watching_) {
        to_respond_ = std::move(response);
        stream_.cancel();
        return;
    }
    is_asked_ = false;
    if (stream_.socket().is_open()) {
        send(std::move(response), parser_->get().keep_alive() && !gone_.stop_requested());
    }
}

/// Find out whether who asked goes away meanwhile. What is asked next is kept until its turn; when
/// that is more than may wait, only a reset is seen.
void HttpSession::watch() {
    is_watching_ = true;
    const std::size_t room = input_.max_size() - input_.size();
    if (room == 0) {
        stream_.socket().async_wait(
            TcpSocket::wait_error,
            [self = shared_from_this()](const Error& error) { self->watched(error, 0); });
        return;
    }
    stream_.async_read_some(
        input_.prepare(std::min(room, dropped_.size())),
        [self = shared_from_this()](const Error& error, std::size_t size_bytes) {
            self->watched(error, size_bytes);
        });
}

void HttpSession::watched(const Error& error, std::size_t size_bytes) {
    const bool was_full = input_.size() == input_.max_size();
    input_.commit(size_bytes);
    is_watching_ = false;
    if (to_respond_) {
        return respond(*std::exchange(to_respond_, std::nullopt));
    }
    if (error || was_full) {
        // Who only says that nothing more is asked gets the response, too.
        gone_.request_stop();
        return;
    }
    watch();
}

void HttpSession::send(HttpServerResponse response, bool keeps_alive) {
    response_ = {};
    response_.result(response.status);
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) {
        response_.set(name, value);
    }
    if (response.status == 405 && response_.find(http::field::allow) == response_.end()) {
        response_.set(http::field::allow,
                      handlers_.post == nullptr ? "GET, HEAD" : "GET, HEAD, POST");
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
    const bool is_open = !error && stream_.socket().is_open();
    if (is_open && response_.keep_alive()) {
        return read();
    }
    Error ignored;
    if (is_open && is_post() && !parser_->is_done()) {
        stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(options_.request_timeout);
        return drop_rest();
    }
    stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
    close();
}

/// What is closed with something unread is reset, and who still sends would not get the answer.
void HttpSession::drop_rest() {
    stream_.async_read_some(boost::asio::buffer(dropped_),
                            [self = shared_from_this()](const Error& error, std::size_t) {
                                if (error) {
                                    return self->close();
                                }
                                self->drop_rest();
                            });
}

}  // namespace warren::transport
