#include "endpoint/stream_listening.hpp"
#include "transport/zmq/server_port.hpp"
#include "transport/zmq/subscriber_port.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

const ZmqAddress& address_of(const ListenerPlan& plan) {
    return std::get<ZmqAddress>(plan.address.place);
}

transport::ZmqLimits limits_of(const ListenerPlan& plan, const core::Limits& limits) {
    return {.message_bytes_max = limits.body_bytes_max,
            .high_water_mark = address_of(plan).high_water_mark};
}

void count_bytes(const transport::ZmqCounters& counters, metrics::ListenerFigures& figures) {
    figures.connections = counters.connections.get();
    figures.bytes_received = counters.bytes_in.get();
    figures.bytes_sent = counters.bytes_out.get();
    figures.handshake_failures = counters.handshake_failures.get();
}

/// Who asks gets an answer: ROUTER, and REP in its place.
struct Answering {
    using Port = transport::ZmqServerPort;

    static StreamDialectOptions dialect(const ListenerPlan& plan) {
        return {.whole_messages = true, .passes_text = address_of(plan).passes_text};
    }

    static transport::ZmqServerOptions port(const ListenerPlan& plan, const core::Limits& limits,
                                            Log& log) {
        const ZmqAddress& zmq = address_of(plan);
        return {.endpoints = zmq.endpoints,
                .side = zmq.side,
                .security = zmq.server_security,
                .limits = limits_of(plan, limits),
                .peers_max = plan.options.connections_max,
                .output_bytes_per_peer_max = plan.options.connection_answers_bytes_max,
                .output_bytes_max = plan.options.answers_bytes_max,
                .log = &log};
    }

    static std::string place(const ListenerPlan&, const Port& port) {
        return display_zmq(port.local_endpoints());
    }
    static void count(const Port& port, metrics::ListenerFigures& figures) {
        count_bytes(port.counters(), figures);
        *figures.dropped_answers += port.counters().dropped_messages.get();
    }
    static std::expected<void, Failure> reload(Port&) { return {}; }
};

/// What publishers send is done, and nobody hears of it.
struct Subscribed {
    using Port = transport::ZmqSubscriberPort;

    static StreamDialectOptions dialect(const ListenerPlan& plan) {
        return {
            .whole_messages = true, .one_way = true, .passes_text = address_of(plan).passes_text};
    }

    static transport::ZmqSubscriberOptions port(const ListenerPlan& plan,
                                                const core::Limits& limits, Log& log) {
        const ZmqAddress& zmq = address_of(plan);
        return {
            .endpoints = zmq.endpoints,
            .side = zmq.side,
            .security = zmq.client_security,
            .silence_timeout = zmq.silence_timeout.value_or(plan.address.protocol->silence_timeout),
            .limits = limits_of(plan, limits),
            .log = &log};
    }

    static std::string place(const ListenerPlan&, const Port& port) {
        return display_zmq(port.endpoints());
    }
    static void count(const Port& port, metrics::ListenerFigures& figures) {
        count_bytes(port.counters(), figures);
        figures.reconnects = port.counters().reconnects.get();
    }
    static std::expected<void, Failure> reload(Port&) { return {}; }
};

}  // namespace

std::unique_ptr<Listening> make_zmq_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                              const ListeningShared& shared) {
    if (address_of(plan).socket == ZmqSocketType::sub) {
        return std::make_unique<StreamListening<Subscribed>>(std::move(plan), std::move(methods),
                                                             shared);
    }
    return std::make_unique<StreamListening<Answering>>(std::move(plan), std::move(methods),
                                                        shared);
}

}  // namespace warren::endpoint
