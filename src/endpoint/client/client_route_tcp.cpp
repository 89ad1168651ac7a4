#include "endpoint/client/client_route_stream.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "transport/tcp/connector.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

std::shared_ptr<protocol::StreamProtocol> protocol_for(const Address& address,
                                                       const ClientOptions& options) {
    return address.protocol->make_stream({.method = address.method,
                                          .auth_secrets = options.auth_secrets,
                                          .peer = std::get<TcpAddress>(address.transport).peer,
                                          .compression = address.compression},
                                         client_limits(address, options));
}

transport::TcpClientOptions port_options(const Address& address) {
    const auto& tcp = std::get<TcpAddress>(address.transport);
    transport::TcpClientOptions options;
    for (const HostPort& server : tcp.servers) {
        options.targets.push_back(
            transport::tcp_target(server.host, server.port, tcp.tls, tcp.connect_timeout));
        options.targets.back().display = address.display(server);
    }
    options.limits.linger_timeout = client_close_timeout;
    // What waits are this client's own calls: their number has a limit, and each its deadline. It
    // reads on meanwhile: the server, which waits for that with as much output, would wait for
    // ever.
    constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    options.limits.output_high_bytes = unlimited;
    options.limits.output_large_bytes = unlimited;
    return options;
}

}  // namespace

std::unique_ptr<ClientRoute> make_tcp_route(const Address& address, const ClientOptions& options) {
    return make_stream_route<transport::TcpConnector>(
        protocol_for(address, options), options,
        stream_client_options(address, options, std::get<TcpAddress>(address.transport).connections,
                              address.protocol->connect_backoff),
        port_options(address));
}

}  // namespace warren::endpoint
