#include "endpoint/client_route.hpp"
#include "endpoint/dialects.hpp"
#include "endpoint/io_thread.hpp"
#include "runtime/stream_client.hpp"
#include "transport/tcp/client_port.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

/// How long closing a client waits for a server that does not read.
constexpr std::chrono::milliseconds close_timeout{500};
/// As the dialect's own clients wait after a failed attempt to connect: 1 s, 2 s, 3 s.
constexpr runtime::BackoffOptions arrpc_backoff{.first = std::chrono::milliseconds{1'000},
                                                .max = std::chrono::milliseconds{60'000},
                                                .growth = runtime::BackoffGrowth::linear};

std::shared_ptr<protocol::StreamDialect> dialect_for(const Address& address,
                                                     const ClientOptions& options) {
    auto dialect = make_stream_dialect(address.protocol,
                                       {.method = address.method,
                                        .auth_secrets = options.auth_secrets,
                                        .peer = std::get<DirectAddress>(address.place).peer});
    if (!dialect) {
        throw Error{std::move(dialect.error())};
    }
    return std::move(*dialect);
}

transport::TcpClientOptions port_options(const Address& address) {
    const auto& direct = std::get<DirectAddress>(address.place);
    transport::TcpClientOptions options;
    for (const HostPort& server : direct.servers) {
        options.targets.push_back(
            transport::tcp_target(server.host, server.port, direct.tls, direct.connect_timeout));
        options.targets.back().display = address.display(server);
    }
    options.limits.linger_timeout = close_timeout;
    // What waits are this client's own calls: their number has a limit, and each its deadline. It
    // reads on meanwhile: the server, which waits for that with as much output, would wait for
    // ever.
    constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    options.limits.output_high_bytes = unlimited;
    options.limits.output_large_bytes = unlimited;
    return options;
}

runtime::StreamClientOptions client_options(const Address& address, const ClientOptions& options) {
    runtime::BackoffOptions backoff =
        address.protocol == arrpc ? arrpc_backoff : runtime::BackoffOptions{};
    if (options.connect_pause.count() > 0) {
        backoff.first = options.connect_pause;
        backoff.max = std::max(backoff.max, backoff.first);
    }
    return {.in_flight_max = options.in_flight_max,
            .random = random_octets(),
            .pool = {.connections_per_address = std::get<DirectAddress>(address.place).connections,
                     .connections_max = options.connections_max,
                     .connect_attempts = static_cast<std::uint32_t>(options.connect_attempts),
                     .connect_backoff = backoff},
            .retries_max = options.retries_max,
            .log = options.log};
}

/// What the I/O thread uses; whoever leaves last, it or the client, destroys it.
struct Connections {
    Connections(std::shared_ptr<protocol::StreamDialect> dialect, const Address& address,
                const ClientOptions& options)
        : executor{{.spin_max = options.spin_max}},
          calls{std::make_shared<runtime::StreamClient>(executor, std::move(dialect),
                                                        client_options(address, options))} {
        port.emplace(executor, port_options(address));
        port->start(*calls);
        calls->attach(*port);
    }

    transport::AsioExecutor executor;
    std::shared_ptr<runtime::StreamClient> calls;
    std::optional<transport::TcpClientPort> port;
};

/// Calls go straight to servers.
class DirectRoute final : public ClientRoute {
public:
    DirectRoute(const Address& address, const ClientOptions& options)
        : connections_{
              std::make_shared<Connections>(dialect_for(address, options), address, options)} {
        thread_.start(connections_->executor, connections_);
    }

    runtime::ClientCalls& calls() noexcept override { return *connections_->calls; }
    metrics::ClientFigures figures() const override {
        metrics::ClientFigures figures = figures_of(*connections_->calls);
        const runtime::StreamClientCounters& calls = connections_->calls->stream_counters();
        const transport::TcpCounters& bytes = connections_->port->counters();
        figures.connections = calls.connections.load(std::memory_order_relaxed);
        figures.reconnects = calls.connections_lost.load(std::memory_order_relaxed);
        figures.retries = calls.retries.load(std::memory_order_relaxed);
        figures.bytes_received = bytes.bytes_in.get();
        figures.bytes_sent = bytes.bytes_out.get();
        return figures;
    }
    bool is_current_thread() const noexcept override {
        return connections_->executor.is_current_thread();
    }
    void run_errand(runtime::Errand& errand) override { connections_->executor.run_errand(errand); }
    void close() override {
        if (is_current_thread()) {
            connections_->calls->close();
        }
        thread_.end([connections = connections_.get()] {
            connections->calls->close();
            connections->port->close_all([connections] { connections->executor.stop(); });
        });
    }

private:
    std::shared_ptr<Connections> connections_;
    IoThread thread_;
};

}  // namespace

std::unique_ptr<ClientRoute> make_direct_route(const Address& address,
                                               const ClientOptions& options) {
    return std::make_unique<DirectRoute>(address, options);
}

}  // namespace warren::endpoint
