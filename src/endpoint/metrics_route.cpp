#include "endpoint/metrics_route.hpp"

#include "endpoint/protocols/protocol.hpp"

#include <string>
#include <variant>

namespace warren::endpoint {

metrics::Route metrics_route(const Address& address, bool is_signed) {
    metrics::Route route{.protocol = std::string{address.protocol->name}, .is_signed = is_signed};
    if (const auto* direct = std::get_if<DirectAddress>(&address.place)) {
        route.transport = "tcp";
        route.has_tls = direct->is_secured;
    } else if (const auto* broker = std::get_if<transport::AmqpEndpoint>(&address.place)) {
        route.transport = "amqp";
        route.has_tls = broker->tls.has_value();
    } else if (std::holds_alternative<ZmqAddress>(address.place)) {
        route.transport = "zmq";
    } else {
        route.transport = "memory";
    }
    return route;
}

}  // namespace warren::endpoint
