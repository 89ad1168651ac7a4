#include "transport/tcp/acceptor.hpp"

#include "transport/net/certificate_validity.hpp"
#include "transport/net/refusal_lines.hpp"
#include "transport/net/tcp_stream.hpp"
#include "transport/net/tls_stream.hpp"
#include "transport/tcp/arrival_set.hpp"
#include "transport/tcp/connection.hpp"
#include "transport/tcp/connection_set.hpp"
#include "transport/tcp/listen.hpp"
#include "transport/tcp/listening_socket.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// How long to wait for a descriptor when none is left.
constexpr std::chrono::milliseconds accept_again_after{100};

class TcpAcceptorImpl final : public TcpAcceptor,
                              public std::enable_shared_from_this<TcpAcceptorImpl> {
public:
    TcpAcceptorImpl(AsioExecutor& executor, TcpServerOptions options)
        : executor_{executor},
          options_{std::move(options)},
          acceptor_{executor, Acceptor::Visitors::callers,
                    [this](const error_code& error, TcpSocket socket) {
                        const auto self = shared_from_this();
                        accepted(error, std::move(socket));
                    }},
          connections_{executor, options_.limits, counters_},
          arrivals_{executor, options_.handshake_timeout, counters_,
                    [this](std::unique_ptr<TlsStream> stream, TcpPeer peer) {
                        arrived(std::move(stream), std::move(peer));
                    },
                    [this](const TcpPeer& peer, std::optional<std::string> reason) {
                        not_arrived(peer, std::move(reason));
                    }} {}

    ~TcpAcceptorImpl() override { close_port(); }

    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) override {
        sink_ = &sink;
        if (auto loaded = reload_tls(); !loaded) {
            return loaded;
        }
        auto listening = acceptor_.listen(options_);
        if (!listening) {
            return std::unexpected{std::move(listening.error())};
        }
        local_ = *listening;
        local_address_ = host_and_port(local_.address().to_string(), local_.port());
        acceptor_.accept();
        return {};
    }

    std::expected<void, Failure> reload_tls() override {
        if (!options_.tls) {
            return {};
        }
        auto context = make_tls_context(*options_.tls);
        if (!context) {
            return std::unexpected{std::move(context.error())};
        }
        take_tls(std::move(*context));
        return {};
    }

    void renew(TlsContext tls, TcpServerUpdate options) override {
        options_.connections_max = options.connections_max;
        logged_over_limit_ = false;
        if (tls != nullptr) {
            options_.tls = std::move(options.tls);
            take_tls(std::move(tls));
        }
    }

    /// A port of our own goes, and with it who was not accepted yet; they are told by the runtime
    /// instead that the server ends. A socket from elsewhere stays open there, and whoever waits
    /// gets the next server.
    void stop_listening() override {
        if (acceptor_.is_open() && !options_.listening_socket) {
            acceptor_.close_after_queue();
        }
        close_port();
    }

    void close_all(std::move_only_function<void()> closed) override {
        close_port();
        arrivals_.clear();
        connections_.close_all(std::move(closed));
    }
    void drop_all() noexcept override { connections_.drop_all(); }

    AsioExecutor& executor() noexcept override { return executor_; }
    const std::string& local_address() const noexcept override { return local_address_; }
    std::uint16_t local_port() const noexcept override { return local_.port(); }
    const TcpCounters& counters() const noexcept override { return counters_; }

private:
    void take_tls(TlsContext context) {
        tls_ = std::move(context);
        if (const auto late = find_validity_fault(options_.tls->certificate_file)) {
            log_line(*late);
        }
    }

    void close_port() noexcept {
        acceptor_.close();
        executor_.cancel(accept_timer_);
    }

    void accepted(const error_code& error, TcpSocket socket) {
        if (error) {
            return accept_failed(error);
        }
        logged_no_descriptors_ = false;
        if (connections_.size() + arrivals_.size() >= options_.connections_max) {
            refuse();
        } else {
            counters_.accepted.add();
            welcome(std::move(socket));
        }
        if (acceptor_.is_open()) {
            acceptor_.accept();
        }
    }

    /// What one connection failed with is no reason to stop. Without descriptors those that wait
    /// stay in the backlog until one is free.
    void accept_failed(const error_code& error) {
        if (error == boost::asio::error::connection_aborted) {
            return acceptor_.accept();
        }
        if (!std::exchange(logged_no_descriptors_, true)) {
            log_line(
                fmt::format("Cannot accept connections at {} for now: {}; is the limit of open "
                            "files (ulimit -n, LimitNOFILE) high enough?",
                            local_address_, error.message()));
        }
        accept_timer_ =
            executor_.post_at(executor_.now() + accept_again_after, [this] { acceptor_.accept(); });
    }

    void refuse() {
        counters_.refused_over_limit.add();
        if (!std::exchange(logged_over_limit_, true)) {
            log_line(
                fmt::format("Connections to {} are closed at once: {} are open, as many as "
                            "connections_max allows",
                            local_address_, options_.connections_max));
        }
    }

    void welcome(TcpSocket socket) {
        TcpPeer peer{.address = address_of(socket)};
        prepare(socket);
        if (tls_ == nullptr) {
            return open(std::make_unique<TcpStream>(executor_, std::move(socket)), std::move(peer));
        }
        arrivals_.add(
            std::make_unique<TlsStream>(std::move(socket), tls_.get(), TlsStream::Side::server),
            std::move(peer));
    }

    void arrived(std::unique_ptr<TlsStream> stream, TcpPeer peer) {
        peer.identity = stream->peer_identity();
        open(std::move(stream), std::move(peer));
    }

    void not_arrived(const TcpPeer& peer, std::optional<std::string> reason) {
        if (!reason) {
            return;
        }
        if (const auto line = refusals_.add(peer.address, *reason, executor_.now())) {
            log_line(fmt::format("{}: {}", local_address_, *line));
        }
    }

    void open(std::unique_ptr<Stream> stream, TcpPeer peer) {
        auto connection =
            std::make_shared<TcpConnection>(connections_, std::move(stream), std::move(peer));
        connections_.add(connection);
        connection->start(sink_->on_connected(*connection));
    }

    void log_line(const std::string& line) {
        if (options_.log != nullptr) {
            options_.log->warning(line);
        }
    }

    AsioExecutor& executor_;
    TcpServerOptions options_;
    TcpCounters counters_;
    runtime::StreamAcceptorSink* sink_ = nullptr;
    Acceptor acceptor_;
    tcp::endpoint local_;
    std::string local_address_;
    bool logged_no_descriptors_ = false;
    bool logged_over_limit_ = false;
    runtime::Executor::TimerId accept_timer_ = 0;
    TlsContext tls_;  // null: in plaintext
    ConnectionSet connections_;
    RefusalLines refusals_;
    ArrivalSet arrivals_;
};

}  // namespace

std::shared_ptr<TcpAcceptor> make_acceptor(AsioExecutor& executor, TcpServerOptions options) {
    return std::make_shared<TcpAcceptorImpl>(executor, std::move(options));
}

}  // namespace warren::transport
