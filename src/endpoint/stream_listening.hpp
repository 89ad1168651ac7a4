#pragma once

#include "endpoint/protocols/protocol.hpp"
#include "endpoint/server_listening.hpp"
#include "runtime/stream_server.hpp"
#include "transport/asio_executor.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace warren::endpoint {

/// Requests come over connections, without a broker.
///
/// `Kind` says what differs: its type `Port`, and the static functions
///     StreamDialectOptions dialect(const ListenerPlan&);  // what it says beside the plan's
///     secrets auto port(const ListenerPlan&, const core::Limits&, Log&);  // the port's options
///     std::string place(const ListenerPlan&, const Port&);        // for people
///     void count(const Port&, metrics::ListenerFigures&);
///     std::expected<void, Failure> reload(Port&);
template <typename Kind>
class StreamListening final : public Listening {
public:
    StreamListening(ListenerPlan plan, std::vector<const Method*> methods,
                    const ListeningShared& shared)
        : Listening{std::move(plan), std::move(methods), shared},
          asio_{shared.asio},
          limits_{shared.limits} {
        StreamDialectOptions options = Kind::dialect(this->plan());
        if (this->methods().size() == 1) {
            options.method = this->methods().front();
        }
        options.auth_secrets = this->plan().options.auth_secrets;
        options.nonces = shared.nonces;
        dialect_ = this->plan().address.protocol->make_stream(options, shared.limits);
    }

    runtime::Executor& executor() noexcept override { return asio_; }

    std::expected<void, Failure> open(Opening opening) override {
        port_.emplace(asio_, Kind::port(plan(), limits_, opening.log));
        server_.emplace(
            *dialect_, *port_, opening.dispatcher, opening.log,
            runtime::StreamServerOptions{
                .policy = policy(opening),
                .in_flight_per_connection_max = plan().options.connection_requests_max,
                .in_flight_max = plan().simultaneous_requests_max(),
                .in_flight_bytes_per_connection_max = plan().options.connection_requests_bytes_max,
                .in_flight_bytes_max = plan().options.requests_bytes_max,
                .answers_bytes_per_connection_max = plan().options.connection_answers_bytes_max,
                .answers_bytes_max = plan().options.answers_bytes_max});
        if (auto started = port_->start(*server_); !started) {
            server_.reset();
            port_.reset();
            if (!plan().options.origin.empty()) {
                started.error().message = plan().options.origin + ": " + started.error().message;
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
        port_->close_all([this, closed = std::move(closed)]() mutable {
            // Not inside of a call of the port's.
            asio_.post([this, closed = std::move(closed)]() mutable {
                port_.reset();
                server_.reset();
                closed();
            });
        });
    }

    metrics::ListenerFigures figures() const override {
        metrics::ListenerFigures figures{.route = route()};
        if (port_ && server_) {
            figures.dropped_answers =
                server_->counters().dropped_answers.load(std::memory_order_relaxed);
            Kind::count(*port_, figures);
        }
        return figures;
    }

    std::expected<void, Failure> reload_certificates() override {
        return port_ ? Kind::reload(*port_) : std::expected<void, Failure>{};
    }

private:
    std::string place() const override {
        return port_ ? Kind::place(plan(), *port_) : plan().display();
    }

    transport::AsioExecutor& asio_;
    const core::Limits limits_;
    std::unique_ptr<protocol::StreamDialect> dialect_;
    std::optional<typename Kind::Port> port_;
    std::optional<runtime::StreamServer> server_;
    bool consuming_ = false;
};

}  // namespace warren::endpoint
