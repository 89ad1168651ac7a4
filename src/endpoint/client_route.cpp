#include "endpoint/client_route.hpp"

#include <random>
#include <variant>

namespace warren::endpoint {

std::unique_ptr<ClientRoute> make_client_route(const Address& address,
                                               const ClientOptions& options) {
    if (std::holds_alternative<ZmqAddress>(address.place)) {
        return make_zmq_route(address, options);
    }
    return address.is_direct() ? make_direct_route(address, options)
                               : make_message_route(address, options);
}

metrics::ClientFigures figures_of(const runtime::ClientCalls& calls) noexcept {
    return {.in_flight = calls.counters().in_flight(), .dropped_answers = calls.replies_dropped()};
}

std::array<std::uint8_t, 16> random_octets() {
    std::random_device device;
    std::array<std::uint8_t, 16> octets;
    for (std::uint8_t& octet : octets) {
        octet = static_cast<std::uint8_t>(device());
    }
    return octets;
}

}  // namespace warren::endpoint
