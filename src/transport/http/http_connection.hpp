#pragma once

#include <warren/error.hpp>

#include "transport/net/stream.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace warren::transport {

struct HttpResponse {
    unsigned status = 0;
    std::optional<std::chrono::seconds> retry_after{};  // where it is said in seconds
    std::string body{};
};

/// A client's connection: request and response, in turn.                          [RFC 9112]
/// thread the I/O thread
class HttpConnection final : public StreamUser,
                             public std::enable_shared_from_this<HttpConnection> {
public:
    using Done = std::move_only_function<void(std::expected<HttpResponse, Failure>)>;

    HttpConnection(std::unique_ptr<Stream> stream, std::size_t response_bytes_max);

    /// in   request: all of it
    ///      done: called once, unless this is closed before
    void exchange(std::string request, Done done);
    bool is_open() const noexcept { return is_open_; }
    /// Whether any of the last response has come.
    bool has_response_begun() const noexcept { return has_response_begun_; }
    void close() noexcept;

    void on_read(const boost::system::error_code& error, std::size_t count) override;
    void on_written(const boost::system::error_code& error, std::size_t count) override;

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    void read();
    void write();
    void parse();
    void finish(std::expected<HttpResponse, Failure> outcome);
    void fail(std::string message);

    const std::unique_ptr<Stream> stream_;
    const std::size_t response_bytes_max_;
    bool is_open_ = true;
    Done done_;
    std::string request_;
    std::size_t written_ = 0;
    std::optional<Parser> parser_;
    bool has_response_begun_ = false;
    std::array<std::byte, 8192> room_{};
    std::string unread_;
};

}  // namespace warren::transport
