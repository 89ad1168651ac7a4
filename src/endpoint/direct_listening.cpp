#include "endpoint/dialects.hpp"
#include "endpoint/server_listening.hpp"
#include "runtime/stream_server.hpp"
#include "transport/asio_executor.hpp"
#include "transport/tcp/server_port.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

transport::TcpServerOptions port_options(const ListenerPlan& plan, Log& log) {
    const HostPort& server = std::get<DirectAddress>(plan.address.place).servers.front();
    const ListenerOptions& wanted = plan.options;
    transport::TcpServerOptions options{.host = server.host, .port = server.port};
    if (wanted.tls) {
        options.tls = server_tls(*wanted.tls);
    }
    options.handshake_timeout = wanted.handshake_timeout;
    options.connections_max = wanted.connections_max;
    options.limits.idle_timeout = wanted.idle_timeout;
    options.limits.write_timeout = wanted.stall_timeout;
    options.limits.message_grace = wanted.stall_timeout;
    options.log = &log;
    return options;
}

/// Requests come over connections to a port of this machine.
class DirectListening final : public Listening {
public:
    DirectListening(ListenerPlan plan, std::vector<const Method*> methods,
                    const ListeningShared& shared)
        : Listening{std::move(plan), std::move(methods), shared}, asio_{shared.asio} {
        auto dialect = make_stream_dialect(
            this->plan().address.protocol,
            {.method = this->methods().size() == 1 ? this->methods().front()->name : std::string{},
             .auth_secrets = this->plan().options.auth_secrets,
             .nonces = shared.nonces},
            shared.limits);
        if (!dialect) {
            throw Error{std::move(dialect.error())};
        }
        dialect_ = std::move(*dialect);
    }

    runtime::Executor& executor() noexcept override { return asio_; }

    std::expected<void, Failure> open(Opening opening) override {
        port_.emplace(asio_, port_options(plan(), opening.log));
        server_.emplace(
            *dialect_, *port_, opening.dispatcher, opening.log,
            runtime::StreamServerOptions{
                .policy = policy(opening.answers),
                .in_flight_per_connection_max = plan().options.connection_requests_max,
                .in_flight_max = plan().simultaneous_requests_max(),
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
            const transport::TcpCounters& counters = port_->counters();
            figures.connections = counters.connections.get();
            figures.bytes_received = counters.bytes_in.get();
            figures.bytes_sent = counters.bytes_out.get();
            figures.dropped_answers =
                server_->counters().dropped_answers.load(std::memory_order_relaxed);
        }
        return figures;
    }

    std::expected<void, Failure> reload_certificates() override {
        return port_ ? port_->reload_tls() : std::expected<void, Failure>{};
    }

private:
    std::string place() const override {
        if (!port_) {
            return plan().display();
        }
        const std::string shown = plan().display();
        return shown.substr(0, shown.find("://") + 3) + port_->local_address();
    }

    transport::AsioExecutor& asio_;
    std::unique_ptr<protocol::StreamDialect> dialect_;
    std::optional<transport::TcpServerPort> port_;
    std::optional<runtime::StreamServer> server_;
    bool consuming_ = false;
};

}  // namespace

std::unique_ptr<Listening> make_direct_listening(ListenerPlan plan,
                                                 std::vector<const Method*> methods,
                                                 const ListeningShared& shared) {
    return std::make_unique<DirectListening>(std::move(plan), std::move(methods), shared);
}

}  // namespace warren::endpoint
