#include "transport/http/http_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace warren::transport {
namespace {

using boost::beast::http::field;

std::optional<std::chrono::seconds> seconds_of(std::string_view text) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return error == std::errc{} && end == text.data() + text.size()
               ? std::optional{std::chrono::seconds{seconds}}
               : std::nullopt;
}

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<Stream> stream, std::size_t response_bytes_max)
    : stream_{std::move(stream)}, response_bytes_max_{response_bytes_max} {}

void HttpConnection::exchange(std::string request, Done done) {
    done_ = std::move(done);
    request_ = std::move(request);
    written_ = 0;
    has_response_begun_ = false;
    unread_.clear();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(response_bytes_max_));
    parser_->body_limit(response_bytes_max_);
    parser_->eager(true);
    // A server may refuse a request before it has read all of it.
    read();
    write();
}

void HttpConnection::close() noexcept {
    done_ = nullptr;
    if (std::exchange(is_open_, false)) {
        stream_->close();
    }
}

void HttpConnection::read() {
    stream_->start_read(room_, shared_from_this());
}

void HttpConnection::write() {
    stream_->start_write(std::as_bytes(std::span{request_}).subspan(written_), shared_from_this());
}

void HttpConnection::on_written(const boost::system::error_code& error, std::size_t count) {
    written_ += count;
    // After an error there may still be a response to read.
    if (is_open_ && !error && written_ < request_.size()) {
        write();
    }
}

void HttpConnection::on_read(const boost::system::error_code& error, std::size_t count) {
    if (done_ == nullptr) {
        return;
    }
    if (!error) {
        has_response_begun_ = true;
        unread_.append(reinterpret_cast<const char*>(room_.data()), count);
        return parse();
    }
    boost::system::error_code incomplete = error;
    if (error == boost::asio::error::eof && parser_->got_some()) {
        incomplete.clear();
        parser_->put_eof(incomplete);
    }
    if (incomplete) {
        return fail("the connection ended without a response: " + error.message());
    }
    parse();
}

void HttpConnection::parse() {
    boost::system::error_code error;
    while (!error && !unread_.empty() && !parser_->is_done()) {
        unread_.erase(0, parser_->put(boost::asio::buffer(unread_), error));
    }
    if (error && error != boost::beast::http::error::need_more) {
        return fail("the response cannot be read: " + error.message());
    }
    if (!parser_->is_done()) {
        return read();
    }
    auto& message = parser_->get();
    HttpResponse response{.status = message.result_int(),
                          .retry_after = seconds_of(message[field::retry_after]),
                          .body = std::move(message.body())};
    if (!parser_->keep_alive() || written_ < request_.size() || !unread_.empty()) {
        is_open_ = false;
        stream_->close();
    }
    finish(std::move(response));
}

void HttpConnection::fail(std::string message) {
    is_open_ = false;
    stream_->close();
    finish(std::unexpected{Failure{.code = Code::connection_lost, .message = std::move(message)}});
}

void HttpConnection::finish(std::expected<HttpResponse, Failure> outcome) {
    std::exchange(done_, nullptr)(std::move(outcome));
}

}  // namespace warren::transport
