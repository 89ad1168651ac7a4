#include "endpoint/client/client_route_stream.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "protocol/identified_protocol.hpp"
#include "runtime/client/broadcast_calls.hpp"
#include "transport/zmq/connector.hpp"
#include "transport/zmq/publisher.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace warren::endpoint {
namespace {

/// Who subscribes is asked for anew so often, so that a call's failure knows of it.
constexpr std::chrono::milliseconds subscriber_pause{100};

/// A response over the limits fails its call alone, as long as it is read at all.
constexpr std::size_t response_bytes_max = std::size_t{1} << 30;

std::shared_ptr<protocol::StreamProtocol> zmq_protocol_for(const Address& address,
                                                           const ClientOptions& options) {
    const auto& zmq = std::get<ZmqAddress>(address.transport);
    auto protocol = address.protocol->make_stream({.auth_secrets = options.auth_secrets,
                                                   .peer = zmq.peer,
                                                   .side = protocol::StreamSide::client,
                                                   .whole_messages = true,
                                                   .one_way = zmq.is_one_way(),
                                                   .passes_text = zmq.passes_text,
                                                   .compression = address.compression},
                                                  client_limits(address, options));
    return zmq.socket == ZmqSocketType::req && !address.protocol->has_ids_apart
               ? protocol::make_identified_protocol(std::move(protocol))
               : std::move(protocol);
}

transport::ZmqClientOptions connector_options(const Address& address,
                                              std::vector<std::string> endpoints) {
    const auto& zmq = std::get<ZmqAddress>(address.transport);
    const bool is_delimited = zmq.socket == ZmqSocketType::req || address.protocol->has_ids_apart;
    return {
        .endpoints = std::move(endpoints),
        .envelope = is_delimited ? transport::ZmqEnvelope::delimited : transport::ZmqEnvelope::bare,
        .security = zmq.client_security,
        .limits = {.frame_bytes_max = response_bytes_max, .high_water_mark = zmq.high_water_mark},
        .connect_timeout = zmq.connect_timeout};
}

transport::ZmqPublisherOptions publisher_options(const Address& address,
                                                 const ClientOptions& options) {
    const auto& zmq = std::get<ZmqAddress>(address.transport);
    return {.endpoints = zmq.endpoints,
            .side = zmq.side,
            .security = zmq.server_security,
            .limits = {.high_water_mark = zmq.high_water_mark},
            .heartbeat = std::string{address.protocol->heartbeat},
            .heartbeat_interval = zmq.heartbeat_interval,
            .subscriber_timeout =
                zmq.waits_for_subscriber ? subscriber_pause : std::chrono::milliseconds{0},
            .log = options.log.get()};
}

/// In which order programs are started does not matter to ZeroMQ: a call waits until its deadline.
runtime::StreamClientOptions calls_options(const Address& address, ClientOptions options) {
    options.connect_attempts =
        options.connect_attempts.value_or(std::numeric_limits<std::uint32_t>::max());
    const auto& zmq = std::get<ZmqAddress>(address.transport);
    return stream_client_options(address, options, zmq.is_one_way() ? 1 : zmq.connections, {});
}

struct BroadcastConnections {
    struct Server {
        std::shared_ptr<runtime::StreamClient> calls;
        std::shared_ptr<transport::ZmqConnector> connector;
    };

    BroadcastConnections(const Address& address, const ClientOptions& options)
        : executor{{.spin_max = options.spin_max}} {
        std::vector<runtime::BroadcastCalls::Server> called;
        for (const std::string& endpoint : std::get<ZmqAddress>(address.transport).endpoints) {
            Server& server = servers.emplace_back(
                std::make_shared<runtime::StreamClient>(
                    executor, zmq_protocol_for(address, options), calls_options(address, options)),
                transport::make_connector(executor, connector_options(address, {endpoint})));
            value_or_throw(server.connector->start(*server.calls));
            server.calls->limit(request_limits(address, options));
            server.calls->attach(*server.connector);
            called.push_back({display_zmq({endpoint}), server.calls});
        }
        calls = std::make_shared<runtime::BroadcastCalls>(
            executor,
            runtime::ClientCallsOptions{.in_flight_max = options.in_flight_max,
                                        .random = random_octets()},
            std::move(called));
    }

    void close() {
        calls->close();
        closing = servers.size();
        for (const Server& server : servers) {
            server.connector->close_all([this] {
                if (--closing == 0) {
                    executor.stop();
                }
            });
        }
    }

    transport::AsioExecutor executor;
    std::vector<Server> servers;
    std::shared_ptr<runtime::BroadcastCalls> calls;
    std::size_t closing = 0;
};

/// Every call goes to all servers.
class BroadcastRoute final : public OwnThreadRoute<BroadcastConnections> {
public:
    using OwnThreadRoute::OwnThreadRoute;

    metrics::ClientFigures figures() const override {
        metrics::ClientFigures figures = figures_of(*connections().calls);
        for (const BroadcastConnections::Server& server : connections().servers) {
            figures.retries = figures.retries.value_or(0) + server.calls->retries();
            add_figures(figures, server.calls->stream_counters(), server.connector->counters());
        }
        return figures;
    }
};

}  // namespace

std::unique_ptr<ClientRoute> make_zmq_route(const Address& address, const ClientOptions& options) {
    const auto& zmq = std::get<ZmqAddress>(address.transport);
    if (zmq.socket == ZmqSocketType::pub) {
        return make_stream_route<transport::ZmqPublisher>(zmq_protocol_for(address, options),
                                                          options, calls_options(address, options),
                                                          publisher_options(address, options));
    }
    if (zmq.distribution == ZmqDistribution::broadcast) {
        return std::make_unique<BroadcastRoute>(
            std::make_shared<BroadcastConnections>(address, options));
    }
    return make_stream_route<transport::ZmqConnector>(zmq_protocol_for(address, options), options,
                                                      calls_options(address, options),
                                                      connector_options(address, zmq.endpoints));
}

}  // namespace warren::endpoint
