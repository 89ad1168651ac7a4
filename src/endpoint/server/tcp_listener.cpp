#include "endpoint/server/stream_listener.hpp"
#include "transport/tcp/acceptor.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

/// A port of this machine.
struct Tcp {
    using Acceptor = transport::TcpAcceptor;

    static StreamProtocolOptions protocol(const ListenerConfig&) { return {}; }

    static transport::TcpServerOptions acceptor_options(const ListenerConfig& config,
                                                        const core::Limits&, Log& log) {
        const HostPort& server = std::get<TcpAddress>(config.address.transport).servers.front();
        const ListenerTcp& wanted = config.options.tcp;
        transport::TcpServerOptions options{.host = server.host, .port = server.port};
        if (wanted.tls) {
            options.tls = server_tls(*wanted.tls);
        }
        options.handshake_timeout = wanted.handshake_timeout;
        options.connections_max = config.options.limits.connections_max;
        options.limits.idle_timeout = wanted.idle_timeout;
        options.limits.write_timeout = wanted.stall_timeout;
        options.limits.message_grace = wanted.stall_timeout;
        options.reuse_port = wanted.reuse_port;
        options.listening_socket = wanted.listening_socket;
        options.log = &log;
        return options;
    }

    static std::string location(const ListenerConfig& config, const Acceptor& acceptor) {
        const std::string shown = config.display();
        return shown.substr(0, shown.find("://") + 3) + acceptor.local_address();
    }

    static void count(const Acceptor& acceptor, metrics::ListenerFigures& figures) {
        const transport::TcpCounters& counters = acceptor.counters();
        figures.connections = counters.connections.get();
        figures.bytes_received = counters.bytes_in.get();
        figures.bytes_sent = counters.bytes_out.get();
        figures.handshake_failures = counters.tls_failures.get();
    }

    static std::expected<std::move_only_function<void(Acceptor&)>, Failure> prepare(
        const ListenerConfig& config, const ListenerConfig& wanted) {
        transport::TcpServerUpdate update{.connections_max = wanted.options.limits.connections_max};
        transport::TlsContext context;
        if (config.options.tcp.tls && wanted.options.tcp.tls) {
            update.tls = server_tls(*wanted.options.tcp.tls);
            auto made = transport::make_tls_context(*update.tls);
            if (!made) {
                return std::unexpected{std::move(made.error())};
            }
            context = std::move(*made);
        }
        return
            [context = std::move(context), update = std::move(update)](Acceptor& acceptor) mutable {
                acceptor.renew(std::move(context), std::move(update));
            };
    }
};

}  // namespace

std::unique_ptr<ActiveListener> make_tcp_listener(ListenerConfig config,
                                                  std::vector<const Method*> methods,
                                                  const ListenerShared& shared) {
    return std::make_unique<StreamListener<Tcp>>(std::move(config), std::move(methods), shared);
}

}  // namespace warren::endpoint
