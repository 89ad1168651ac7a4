#include "endpoint/stream_listening.hpp"
#include "transport/tcp/server_port.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

/// A port of this machine.
struct Tcp {
    using Port = transport::TcpServerPort;

    static StreamDialectOptions dialect(const ListenerPlan&) { return {}; }

    static transport::TcpServerOptions port(const ListenerPlan& plan, const core::Limits&,
                                            Log& log) {
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

    static std::string place(const ListenerPlan& plan, const Port& port) {
        const std::string shown = plan.display();
        return shown.substr(0, shown.find("://") + 3) + port.local_address();
    }

    static void count(const Port& port, metrics::ListenerFigures& figures) {
        const transport::TcpCounters& counters = port.counters();
        figures.connections = counters.connections.get();
        figures.bytes_received = counters.bytes_in.get();
        figures.bytes_sent = counters.bytes_out.get();
        figures.handshake_failures = counters.tls_failures.get();
    }

    static std::expected<void, Failure> reload(Port& port) { return port.reload_tls(); }
};

}  // namespace

std::unique_ptr<Listening> make_direct_listening(ListenerPlan plan,
                                                 std::vector<const Method*> methods,
                                                 const ListeningShared& shared) {
    return std::make_unique<StreamListening<Tcp>>(std::move(plan), std::move(methods), shared);
}

}  // namespace warren::endpoint
