#include "endpoint/server/stream_listener.hpp"
#include "transport/zmq/acceptor.hpp"
#include "transport/zmq/subscriber.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

const ZmqAddress& address_of(const ListenerConfig& config) {
    return std::get<ZmqAddress>(config.address.transport);
}

transport::ZmqLimits limits_of(const ListenerConfig& config, const core::Limits& limits) {
    return {.message_bytes_max = limits.body_bytes_max,
            .high_water_mark = address_of(config).high_water_mark};
}

void count_bytes(const transport::ZmqCounters& counters, metrics::ListenerFigures& figures) {
    figures.connections = counters.connections.get();
    figures.bytes_received = counters.bytes_in.get();
    figures.bytes_sent = counters.bytes_out.get();
    figures.handshake_failures = counters.handshake_failures.get();
}

/// Who asks gets a response: ROUTER, and REP in its place.
struct Answering {
    using Acceptor = transport::ZmqAcceptor;

    static StreamProtocolOptions protocol(const ListenerConfig& config) {
        return {.whole_messages = true, .passes_text = address_of(config).passes_text};
    }

    static transport::ZmqServerOptions acceptor_options(const ListenerConfig& config,
                                                        const core::Limits& limits, Log& log) {
        const ZmqAddress& zmq = address_of(config);
        const ConnectionLimits& wanted = config.options.limits;
        return {.endpoints = zmq.endpoints,
                .side = zmq.side,
                .security = zmq.server_security,
                .limits = limits_of(config, limits),
                .peers_max = wanted.connections_max,
                .output_bytes_per_peer_max = wanted.connection_answers_bytes_max,
                .output_bytes_max = wanted.answers_bytes_max,
                .log = &log};
    }

    static std::string location(const ListenerConfig&, const Acceptor& acceptor) {
        return display_zmq(acceptor.local_endpoints());
    }
    static void count(const Acceptor& acceptor, metrics::ListenerFigures& figures) {
        count_bytes(acceptor.counters(), figures);
        *figures.dropped_responses += acceptor.counters().dropped_messages.get();
    }
    static std::expected<std::move_only_function<void(Acceptor&)>, Failure> prepare(
        const ListenerConfig&, const ListenerConfig&) {
        return [](Acceptor&) {};
    }
};

/// What publishers send is done, and nobody hears of it.
struct Subscribed {
    using Acceptor = transport::ZmqSubscriber;

    static StreamProtocolOptions protocol(const ListenerConfig& config) {
        return {
            .whole_messages = true, .one_way = true, .passes_text = address_of(config).passes_text};
    }

    static transport::ZmqSubscriberOptions acceptor_options(const ListenerConfig& config,
                                                            const core::Limits& limits, Log& log) {
        const ZmqAddress& zmq = address_of(config);
        return {.endpoints = zmq.endpoints,
                .side = zmq.side,
                .security = zmq.client_security,
                .silence_timeout =
                    zmq.silence_timeout.value_or(config.address.protocol->silence_timeout),
                .limits = limits_of(config, limits),
                .log = &log};
    }

    static std::string location(const ListenerConfig&, const Acceptor& acceptor) {
        return display_zmq(acceptor.endpoints());
    }
    static void count(const Acceptor& acceptor, metrics::ListenerFigures& figures) {
        count_bytes(acceptor.counters(), figures);
        figures.reconnects = acceptor.counters().reconnects.get();
    }
    static std::expected<std::move_only_function<void(Acceptor&)>, Failure> prepare(
        const ListenerConfig&, const ListenerConfig&) {
        return [](Acceptor&) {};
    }
};

}  // namespace

std::unique_ptr<ActiveListener> make_zmq_listener(ListenerConfig config,
                                                  std::vector<const Method*> methods,
                                                  const ListenerShared& shared) {
    if (address_of(config).socket == ZmqSocketType::sub) {
        return std::make_unique<StreamListener<Subscribed>>(std::move(config), std::move(methods),
                                                            shared);
    }
    return std::make_unique<StreamListener<Answering>>(std::move(config), std::move(methods),
                                                       shared);
}

}  // namespace warren::endpoint
