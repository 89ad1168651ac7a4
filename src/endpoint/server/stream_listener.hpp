#pragma once

#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/active_listener.hpp"
#include "endpoint/server/signers.hpp"
#include "runtime/server/stream_server.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace warren::endpoint {

/// Requests come over connections, without a broker.
///
/// `Kind` says what differs: its type `Acceptor`, and these static functions.
/// - protocol(config): what it says of the protocol beside the secrets
/// - acceptor_options(config, limits, log): the transport's
/// - location(config, acceptor): where it listens, for people
/// - count(acceptor, figures): what it has done
/// - reload(acceptor): read its certificates again
template <typename Kind>
class StreamListener final : public ActiveListener {
public:
    StreamListener(ListenerConfig config, std::vector<const Method*> methods,
                   const ListenerShared& shared)
        : ActiveListener{std::move(config), std::move(methods), shared},
          asio_{shared.asio},
          limits_{shared.limits} {
        StreamProtocolOptions options = Kind::protocol(this->config());
        if (this->methods().size() == 1) {
            options.method = this->methods().front();
        }
        options.auth_secrets = this->config().options.auth_secrets;
        options.nonces = shared.nonces;
        options.compress_bytes_min = this->config().options.compress_bytes_min;
        protocol_ = this->config().address.protocol->make_stream(options, shared.limits);
    }

    runtime::Executor& executor() noexcept override { return asio_; }

    std::expected<void, Failure> open(Opening opening) override {
        const ConnectionLimits& limits = config().options.limits;
        acceptor_ = make_acceptor(asio_, Kind::acceptor_options(config(), limits_, opening.log));
        server_.emplace(
            *protocol_, *acceptor_, opening.dispatcher, opening.log,
            runtime::StreamServerOptions{
                .listener = listener_options(opening),
                .in_flight_per_connection_max = limits.connection_requests_max,
                .in_flight_max = config().simultaneous_requests_max(),
                .in_flight_bytes_per_connection_max = limits.connection_requests_bytes_max,
                .in_flight_bytes_max = config().options.requests_bytes_max,
                .responses_bytes_per_connection_max = limits.connection_answers_bytes_max,
                .answers_bytes_max = limits.answers_bytes_max,
                .signers = signers_of(config().options, *config().address.protocol)});
        if (auto started = acceptor_->start(*server_); !started) {
            server_.reset();
            acceptor_.reset();
            if (!config().options.origin.empty()) {
                started.error().message = config().options.origin + ": " + started.error().message;
            }
            return started;
        }
        consuming_ = true;
        opening.on_change();
        return {};
    }
    bool consuming() const noexcept override { return consuming_; }
    void drain(std::move_only_function<void()> on_drained) override {
        consuming_ = false;
        server_->drain(std::move(on_drained));
    }
    std::string unfinished() const override {
        return server_ ? server_->unfinished() : std::string{};
    }
    void stop_now() override {
        consuming_ = false;
        server_->stop_now();
    }
    void close(std::move_only_function<void()> closed) override {
        if (!server_->has_peers_to_refuse()) {
            return close_connections(std::move(closed));
        }
        asio_.post_at(asio_.now() + parting_refusals, [this, closed = std::move(closed)]() mutable {
            close_connections(std::move(closed));
        });
    }

    void close_now() override {
        if constexpr (requires { acceptor_->drop_all(); }) {
            if (acceptor_) {
                acceptor_->drop_all();
            }
        }
    }

    metrics::ListenerFigures figures() const override {
        metrics::ListenerFigures figures{.route = route()};
        if (acceptor_ && server_) {
            figures.dropped_responses =
                server_->counters().dropped_responses.load(std::memory_order_relaxed);
            Kind::count(*acceptor_, figures);
        }
        return figures;
    }

    std::expected<void, Failure> reload_certificates() override {
        return acceptor_ ? Kind::reload(*acceptor_) : std::expected<void, Failure>{};
    }

private:
    /// How long, once all is done, requests are refused that were under way when the server ended:
    /// their clients go to another then. Of a connection that breaks they would not know whether
    /// the last of them were done.
    static constexpr std::chrono::milliseconds parting_refusals{50};

    void close_connections(std::move_only_function<void()> closed) {
        acceptor_->close_all([this, closed = std::move(closed)]() mutable {
            // Not inside of a call of the transport's.
            asio_.post([this, closed = std::move(closed)]() mutable {
                acceptor_.reset();
                server_.reset();
                closed();
            });
        });
    }

    std::string location() const override {
        return acceptor_ ? Kind::location(config(), *acceptor_) : config().display();
    }

    transport::AsioExecutor& asio_;
    const core::Limits limits_;
    std::unique_ptr<protocol::StreamProtocol> protocol_;
    std::shared_ptr<typename Kind::Acceptor> acceptor_;
    std::optional<runtime::StreamServer> server_;
    bool consuming_ = false;
};

}  // namespace warren::endpoint
