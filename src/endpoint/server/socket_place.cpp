#include "endpoint/server/socket_place.hpp"

#include "endpoint/failures.hpp"
#include "transport/tcp/listen.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {

std::expected<HostPort, Failure> place_of_socket(int socket) {
    auto where = transport::find_listening_endpoint(socket);
    if (!where) {
        return std::unexpected{std::move(where.error())};
    }
    return HostPort{.host = where->address().to_string(), .port = where->port()};
}

std::expected<void, Failure> take_place_of_socket(const ListenerOptions& options,
                                                  Address& address) {
    auto* const tcp = std::get_if<TcpAddress>(&address.transport);
    if (tcp == nullptr || !options.tcp.listening_socket) {
        return {};
    }
    if (options.tcp.reuse_port) {
        return refused("A socket that listens already has its port: leave 'reuse_port' out");
    }
    auto place = place_of_socket(*options.tcp.listening_socket);
    if (!place) {
        return std::unexpected{std::move(place.error())};
    }
    tcp->servers.front() = std::move(*place);
    return {};
}

}  // namespace warren::endpoint
