#include "transport/http/http_server.hpp"

#include "transport/http/http_session.hpp"
#include "transport/http/unix_socket.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/tcp/listening_socket.hpp"

#include <map>
#include <optional>
#include <utility>

namespace warren::transport {
namespace {

using boost::system::error_code;

// How long to wait for a descriptor when none is left.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, HttpServerOptions options, Handler handler, PostHandler on_post)
        : executor_{executor},
          options_{std::move(options)},
          handlers_{executor, std::move(handler), std::move(on_post)},
          acceptor_{executor, Acceptor::Visitors::watchers,
                    [this](const error_code& error, TcpSocket socket) {
                        const auto self = shared_from_this();
                        accepted(error, std::move(socket));
                    }} {}

    std::expected<void, Failure> start() {
        if (!options_.unix_path.empty()) {
            return start_at_path();
        }
        auto listening = acceptor_.listen({.host = options_.host,
                                           .port = options_.port,
                                           .connections_max = options_.connections_max,
                                           .listening_socket = options_.listening_socket});
        if (!listening) {
            return std::unexpected{std::move(listening.error())};
        }
        local_address_ = host_and_port(listening->address().to_string(), listening->port());
        accept();
        return {};
    }

    const std::string& local_address() const noexcept { return local_address_; }

    void close() noexcept {
        acceptor_.close();
        at_path_.reset();
        if (accept_timer_ != 0) {
            executor_.cancel(accept_timer_);
        }
        for (auto& [number, weak] : sessions_) {
            if (const auto session = weak.lock()) {
                session->close();
            }
        }
    }

private:
    std::expected<void, Failure> start_at_path() {
        auto listening = PathSocket::open(options_.unix_path, options_.unix_mode);
        if (!listening) {
            return std::unexpected{std::move(listening.error())};
        }
        if (auto adopted = acceptor_.adopt(listening->release()); !adopted) {
            return adopted;
        }
        at_path_.emplace(std::move(*listening));
        local_address_ = "unix://" + options_.unix_path;
        accept();
        return {};
    }

    void accept() {
        accept_timer_ = 0;
        acceptor_.accept();
    }

    void accepted(const error_code& error, TcpSocket socket) {
        if (error && error != boost::asio::error::connection_aborted) {
            accept_timer_ = executor_.post_at(executor_.now() + accept_pause,
                                              [self = shared_from_this()] { self->accept(); });
            return;
        }
        if (!error && make_room()) {
            welcome(std::move(socket));
        }
        accept();
    }

    /// Who asks gets a response within moments or waits for it, so the oldest of the other
    /// connections are those that do not ask: they give way, or else a few silent ones would keep
    /// out whoever watches.
    /// out  whether there is room; else all wait for a response
    bool make_room() {
        for (auto at = sessions_.begin();
             sessions_.size() >= options_.connections_max && at != sessions_.end();) {
            const auto session = at->second.lock();
            if (session && session->is_asked()) {
                ++at;
                continue;
            }
            at = sessions_.erase(at);
            if (session) {
                session->close();
            }
        }
        return sessions_.size() < options_.connections_max;
    }

    void welcome(TcpSocket socket) {
        const std::uint64_t number = ++last_session_;
        const auto session = std::make_shared<HttpSession>(
            std::move(socket), options_, handlers_,
            [self = shared_from_this(), number] { self->sessions_.erase(number); });
        sessions_.emplace(number, session);
        session->read();
    }

    AsioExecutor& executor_;
    const HttpServerOptions options_;
    const HttpHandlers handlers_;
    Acceptor acceptor_;
    std::optional<PathSocket> at_path_;
    std::string local_address_;
    runtime::Executor::TimerId accept_timer_ = 0;
    std::uint64_t last_session_ = 0;
    std::map<std::uint64_t, std::weak_ptr<HttpSession>> sessions_;
};

HttpServer::HttpServer(AsioExecutor& executor, HttpServerOptions options, Handler handler,
                       PostHandler on_post)
    : impl_{std::make_shared<Impl>(executor, std::move(options), std::move(handler),
                                   std::move(on_post))} {}

HttpServer::~HttpServer() {
    close();
}

std::expected<void, Failure> HttpServer::start() {
    return impl_->start();
}
const std::string& HttpServer::local_address() const noexcept {
    return impl_->local_address();
}
void HttpServer::close() noexcept {
    impl_->close();
}

}  // namespace warren::transport
