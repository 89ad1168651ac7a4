#include "endpoint/server/metrics_route.hpp"

#include "endpoint/protocols/descriptor.hpp"

#include <string>
#include <variant>

namespace warren::endpoint {

metrics::Route metrics_route(const Address& address, bool is_signed) {
    metrics::Route route{.protocol = std::string{address.protocol->name}, .is_signed = is_signed};
    if (const auto* tcp = std::get_if<TcpAddress>(&address.transport)) {
        route.transport = "tcp";
        route.has_tls = tcp->is_secured;
    } else if (const auto* broker = std::get_if<transport::AmqpEndpoint>(&address.transport)) {
        route.transport = "amqp";
        route.has_tls = broker->tls.has_value();
    } else if (std::holds_alternative<ZmqAddress>(address.transport)) {
        route.transport = "zmq";
    } else {
        route.transport = "memory";
    }
    return route;
}

}  // namespace warren::endpoint
