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
/// - prepare(config, wanted): what renews the acceptor, or why that cannot be
template <typename Kind>
class StreamListener final : public ActiveListener {
    using Acceptor = typename Kind::Acceptor;

public:
    StreamListener(ListenerConfig config, std::vector<const Method*> methods,
                   const ListenerShared& shared)
        : ActiveListener{std::move(config), std::move(methods), shared},
          asio_{shared.asio},
          limits_{shared.limits},
          nonces_{shared.nonces},
          protocol_{make_protocol(this->config().options)} {}

    runtime::Executor& executor() noexcept override { return asio_; }

    std::expected<void, Failure> open(Opening opening) override {
        acceptor_ = make_acceptor(asio_, Kind::acceptor_options(config(), limits_, opening.log));
        server_.emplace(*protocol_, *acceptor_, opening.dispatcher, opening.log,
                        runtime::StreamServerOptions{
                            .listener = listener_options(opening),
                            .limits = server_limits(config()),
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

    std::expected<std::unique_ptr<Change>, Failure> prepare(const ListenerConfig& wanted) override {
        auto renew = Kind::prepare(config(), wanted);
        if (!renew) {
            return std::unexpected{std::move(renew.error())};
        }
        return std::make_unique<Renewal>(
            *this, std::move(*renew),
            runtime::StreamServerUpdate{.policy = policy_of(wanted),
                                        .speech = speech_of(wanted.options),
                                        .limits = server_limits(wanted)});
    }

private:
    class Renewal final : public Change {
    public:
        Renewal(StreamListener& listener, std::move_only_function<void(Acceptor&)> renew,
                runtime::StreamServerUpdate update)
            : listener_{listener}, renew_{std::move(renew)}, update_{std::move(update)} {}

        void apply() override {
            if (listener_.server_) {
                renew_(*listener_.acceptor_);
                update_ = listener_.server_->renew(std::move(update_));
            }
        }

    private:
        StreamListener& listener_;
        std::move_only_function<void(Acceptor&)> renew_;
        runtime::StreamServerUpdate update_;
    };

    static runtime::StreamServerLimits server_limits(const ListenerConfig& config) {
        const ConnectionLimits& limits = config.options.limits;
        return {.in_flight_per_connection_max = limits.connection_requests_max,
                .in_flight_max = config.simultaneous_requests_max(),
                .in_flight_bytes_per_connection_max = limits.connection_requests_bytes_max,
                .in_flight_bytes_max = config.options.requests_bytes_max,
                .responses_bytes_per_connection_max = limits.connection_answers_bytes_max,
                .answers_bytes_max = limits.answers_bytes_max};
    }

    /// in  options: those of it that are taken anew
    std::unique_ptr<protocol::StreamProtocol> make_protocol(const ListenerOptions& wanted) const {
        StreamProtocolOptions options = Kind::protocol(config());
        if (methods().size() == 1) {
            options.method = methods().front();
        }
        options.auth_secrets = wanted.auth_secrets;
        options.nonces = nonces_;
        options.compress_bytes_min = wanted.compress_bytes_min;
        return config().address.protocol->make_stream(options, limits_);
    }

    /// Where requests begin to be signed, or cease to, another listener is wanted.
    /// out  null: it stays
    std::shared_ptr<const runtime::StreamSpeech> speech_of(const ListenerOptions& wanted) const {
        const bool is_signed = !config().options.auth_secrets.empty();
        if (is_signed == wanted.auth_secrets.empty()) {
            return nullptr;
        }
        return std::make_shared<const runtime::StreamSpeech>(
            make_protocol(wanted), signers_of(wanted, *config().address.protocol));
    }

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
    const std::shared_ptr<protocol::NonceMemory> nonces_;
    std::unique_ptr<protocol::StreamProtocol> protocol_;
    std::shared_ptr<typename Kind::Acceptor> acceptor_;
    std::optional<runtime::StreamServer> server_;
    bool consuming_ = false;
};

}  // namespace warren::endpoint
