#pragma once

#include "endpoint/client/client_route.hpp"
#include "endpoint/client/own_thread_route.hpp"
#include "endpoint/failures.hpp"
#include "runtime/client/stream_client.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::endpoint {

/// How long closing a client waits for a server that does not read.
inline constexpr std::chrono::milliseconds client_close_timeout{500};

/// What every client without a broker has of its options.
/// in   backoff: after failed attempts to connect, where the options do not say it
runtime::StreamClientOptions stream_client_options(const Address& address,
                                                   const ClientOptions& options,
                                                   std::size_t connections_per_server,
                                                   runtime::BackoffOptions backoff);

/// What the connections of a stream client have been through.
void add_figures(metrics::ClientFigures& figures, const runtime::StreamClientCounters& calls,
                 const auto& bytes) {
    const auto add = [](std::optional<std::uint64_t>& sum, std::uint64_t number) {
        sum = sum.value_or(0) + number;
    };
    add(figures.connections, calls.connections.load(std::memory_order_relaxed));
    add(figures.reconnects, calls.connections_lost.load(std::memory_order_relaxed));
    add(figures.bytes_received, bytes.bytes_in.get());
    add(figures.bytes_sent, bytes.bytes_out.get());
}

template <typename Connector>
struct StreamConnections {
    /// err  throws Error, when the port cannot be had
    template <typename ConnectorOptions>
    StreamConnections(std::shared_ptr<protocol::StreamProtocol> protocol,
                      const ClientOptions& options,
                      const runtime::StreamClientOptions& calls_options,
                      ConnectorOptions connector_options)
        : executor{{.spin_max = options.spin_max}},
          calls{std::make_shared<runtime::StreamClient>(executor, std::move(protocol),
                                                        calls_options)},
          connector{make_connector(executor, std::move(connector_options))} {
        value_or_throw(connector->start(*calls));
        calls->attach(*connector);
    }

    void close() {
        calls->close();
        connector->close_all([this] { executor.stop(); });
    }

    transport::AsioExecutor executor;
    const std::shared_ptr<runtime::StreamClient> calls;
    const std::shared_ptr<Connector> connector;
};

/// Calls go straight to servers, over a port of connections.
template <typename Connector>
class StreamRoute final : public OwnThreadRoute<StreamConnections<Connector>> {
public:
    using OwnThreadRoute<StreamConnections<Connector>>::OwnThreadRoute;

    metrics::ClientFigures figures() const override {
        const StreamConnections<Connector>& own = this->connections();
        metrics::ClientFigures figures = figures_of(*own.calls);
        add_figures(figures, own.calls->stream_counters(), own.connector->counters());
        return figures;
    }
    std::vector<std::string> publishing_at() const override {
        if constexpr (requires(Connector& publisher) { publisher.endpoints(); }) {
            return this->connections().connector->endpoints();
        }
        return {};
    }
};

template <typename Connector, typename ConnectorOptions>
std::unique_ptr<ClientRoute> make_stream_route(std::shared_ptr<protocol::StreamProtocol> protocol,
                                               const ClientOptions& options,
                                               const runtime::StreamClientOptions& calls,
                                               ConnectorOptions connector) {
    return std::make_unique<StreamRoute<Connector>>(std::make_shared<StreamConnections<Connector>>(
        std::move(protocol), options, calls, std::move(connector)));
}

}  // namespace warren::endpoint
