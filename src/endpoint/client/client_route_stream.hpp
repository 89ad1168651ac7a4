#pragma once

#include "endpoint/client/client_route.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/io_thread.hpp"
#include "runtime/client/stream_client.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren::endpoint {

/// How long closing a client waits for a server that does not read.
inline constexpr std::chrono::milliseconds client_close_timeout{500};

/// What every client without a broker has of its options.
/// in   backoff: after failed attempts to connect, where the options do not say it
runtime::StreamClientOptions stream_client_options(const ClientOptions& options,
                                                   std::size_t connections_per_server,
                                                   runtime::BackoffOptions backoff);

/// Calls go straight to servers, over a port of connections.
template <typename Connector, typename ConnectorOptions>
class StreamRoute final : public ClientRoute {
public:
    /// err  throws Error, when the port cannot be had
    StreamRoute(std::shared_ptr<protocol::StreamProtocol> protocol, const ClientOptions& options,
                const runtime::StreamClientOptions& calls, ConnectorOptions connector)
        : connections_{std::make_shared<Connections>(std::move(protocol), options, calls,
                                                     std::move(connector))} {
        thread_.start(connections_->executor, connections_);
    }

    runtime::ClientCalls& calls() noexcept override { return *connections_->calls; }
    metrics::ClientFigures figures() const override {
        metrics::ClientFigures figures = figures_of(*connections_->calls);
        const runtime::StreamClientCounters& calls = connections_->calls->stream_counters();
        const auto& bytes = connections_->connector->counters();
        figures.connections = calls.connections.load(std::memory_order_relaxed);
        figures.reconnects = calls.connections_lost.load(std::memory_order_relaxed);
        figures.retries = calls.retries.load(std::memory_order_relaxed);
        figures.bytes_received = bytes.bytes_in.get();
        figures.bytes_sent = bytes.bytes_out.get();
        return figures;
    }
    std::vector<std::string> publishing_at() const override {
        if constexpr (requires(Connector& publisher) { publisher.endpoints(); }) {
            return connections_->connector->endpoints();
        }
        return {};
    }
    bool is_current_thread() const noexcept override {
        return connections_->executor.is_current_thread();
    }
    void run_until_done(runtime::BlockingOperation& operation) override {
        connections_->executor.run_until_done(operation);
    }
    void close() override {
        if (is_current_thread()) {
            connections_->calls->close();
        }
        thread_.end([connections = connections_.get()] {
            connections->calls->close();
            connections->connector->close_all([connections] { connections->executor.stop(); });
        });
    }

private:
    /// What the I/O thread uses; whoever leaves last, it or the client, destroys it.
    struct Connections {
        Connections(std::shared_ptr<protocol::StreamProtocol> protocol,
                    const ClientOptions& options, const runtime::StreamClientOptions& calls_options,
                    ConnectorOptions connector_options)
            : executor{{.spin_max = options.spin_max}},
              calls{std::make_shared<runtime::StreamClient>(executor, std::move(protocol),
                                                            calls_options)},
              connector{transport::make_connector(executor, std::move(connector_options))} {
            if constexpr (std::is_void_v<decltype(connector->start(*calls))>) {
                connector->start(*calls);
            } else {
                value_or_throw(connector->start(*calls));
            }
            calls->attach(*connector);
        }

        transport::AsioExecutor executor;
        std::shared_ptr<runtime::StreamClient> calls;
        std::shared_ptr<Connector> connector;
    };

    std::shared_ptr<Connections> connections_;
    IoThread thread_;
};

}  // namespace warren::endpoint
