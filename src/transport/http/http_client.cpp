#include "transport/http/http_client.hpp"

#include "transport/http/unix_socket.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/dialer.hpp"
#include "transport/net/tcp_stream.hpp"
#include "transport/net/tls_memory.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace warren::transport {

class HttpClient::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, HttpClientOptions options)
        : executor_{executor}, options_{std::move(options)} {
        if (options_.target.tls) {
            options_.target.tls_memory = std::make_shared<TlsMemory>();
        }
    }

    /// in   length: a header's line; empty: there is no body
    void ask(std::string_view method, std::string_view path, const std::string& length,
             const std::string& body, Done done) {
        done_ = std::move(done);
        request_ =
            fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}", method, path, options_.host, length);
        for (const auto& [name, value] : options_.headers) {
            request_ += fmt::format("{}: {}\r\n", name, value);
        }
        request_ += "\r\n" + body;
        timer_ = executor_.post_at(executor_.now() + options_.timeout,
                                   [self = shared_from_this()] { self->time_out(); });
        if (connection_ != nullptr && connection_->is_open()) {
            return exchange(Connection::kept);
        }
        connect();
    }

    void close() noexcept {
        done_ = nullptr;
        executor_.cancel(timer_);
        drop_connection();
    }

private:
    enum class Connection : std::uint8_t { kept, made };

    void connect() {
        if (!options_.unix_path.empty()) {
            return connect_to_path();
        }
        dialer_ = std::make_unique<Dialer>(executor_, std::span{&options_.target, 1}, no_trial_,
                                           [weak = weak_from_this()](Dialer::Dialled dialled) {
                                               if (const auto self = weak.lock()) {
                                                   self->dialled(std::move(dialled));
                                               }
                                           });
    }

    void connect_to_path() {
        auto socket = connect_unix(executor_, options_.unix_path);
        if (!socket) {
            // Not inside of what asks.
            return executor_.post(
                [self = shared_from_this(), why = std::move(socket.error())]() mutable {
                    if (self->done_ != nullptr) {
                        self->finish(std::unexpected{std::move(why)});
                    }
                });
        }
        connection_ = std::make_shared<HttpConnection>(
            std::make_unique<TcpStream>(executor_, std::move(*socket)),
            options_.response_bytes_max);
        exchange(Connection::made);
    }

    void dialled(Dialer::Dialled dialled) {
        dialer_.reset();
        if (!dialled) {
            return finish(std::unexpected{std::move(dialled.error().failure)});
        }
        connection_ = std::make_shared<HttpConnection>(std::move(dialled->stream),
                                                       options_.response_bytes_max);
        exchange(Connection::made);
    }

    void exchange(Connection which) {
        connection_->exchange(
            request_, [this, which](std::expected<HttpResponse, Failure> outcome) {
                const auto self = shared_from_this();
                // Servers close what was idle for long, whenever they like.
                if (!outcome && which == Connection::kept && !connection_->has_response_begun()) {
                    return connect();
                }
                finish(std::move(outcome));
            });
    }

    void time_out() {
        drop_connection();
        finish(std::unexpected{
            Failure{.code = Code::deadline_exceeded,
                    .message = fmt::format("{} did not answer within {} ms",
                                           options_.target.display, options_.timeout.count())}});
    }

    void drop_connection() noexcept {
        dialer_.reset();
        if (connection_ != nullptr) {
            connection_->close();
            connection_.reset();
        }
    }

    void finish(std::expected<HttpResponse, Failure> outcome) {
        executor_.cancel(timer_);
        std::exchange(done_, nullptr)(std::move(outcome));
    }

    AsioExecutor& executor_;
    HttpClientOptions options_;
    const BeginDialTrial no_trial_{};
    Done done_;
    std::string request_;
    runtime::Executor::TimerId timer_ = 0;
    std::unique_ptr<Dialer> dialer_;
    std::shared_ptr<HttpConnection> connection_;
};

HttpClient::HttpClient(AsioExecutor& executor, HttpClientOptions options)
    : impl_{std::make_shared<Impl>(executor, std::move(options))} {}

HttpClient::~HttpClient() {
    impl_->close();
}

void HttpClient::post(std::string_view path, const std::string& body, Done done) {
    impl_->ask("POST", path, fmt::format("Content-Length: {}\r\n", body.size()), body,
               std::move(done));
}

void HttpClient::get(std::string_view path, Done done) {
    impl_->ask("GET", path, {}, {}, std::move(done));
}

}  // namespace warren::transport
