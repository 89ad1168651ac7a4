#include "endpoint/client/client_route.hpp"

#include "endpoint/client/metadata_check.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"

#include <random>
#include <variant>

namespace warren::endpoint {

std::unique_ptr<ClientRoute> make_client_route(const Address& address,
                                               const ClientOptions& options) {
    value_or_throw(address.protocol->check_signing(options.auth_secrets));
    std::unique_ptr<ClientRoute> route =
        std::holds_alternative<ZmqAddress>(address.transport) ? make_zmq_route(address, options)
        : address.is_brokerless()                             ? make_tcp_route(address, options)
                                  : make_message_route(address, options);
    route->calls().limit(request_limits(address, options));
    return route;
}

core::Limits client_limits(const Address& address, const ClientOptions& options) noexcept {
    core::Limits limits;
    limits.body_bytes_max = address.body_bytes_max.value_or(options.body_bytes_max);
    limits.nesting_depth_max = address.nesting_depth_max.value_or(options.nesting_depth_max);
    limits.value_count_max = address.value_count_max.value_or(options.value_count_max);
    return limits;
}

runtime::RequestLimits request_limits(const Address& address,
                                      const ClientOptions& options) noexcept {
    const core::Limits limits = client_limits(address, options);
    return {.nesting_depth_max = limits.nesting_depth_max,
            .value_count_max = limits.value_count_max};
}

metrics::ClientFigures figures_of(const runtime::ClientCalls& calls) noexcept {
    return {.in_flight = calls.counters().in_flight(),
            .dropped_responses = calls.replies_dropped(),
            .retries = calls.retries()};
}

std::array<std::uint8_t, 16> random_octets() {
    std::random_device device;
    std::array<std::uint8_t, 16> octets;
    for (std::uint8_t& octet : octets) {
        octet = static_cast<std::uint8_t>(device());
    }
    return octets;
}

std::optional<std::array<std::uint8_t, 16>> key_octets(const Address& address) {
    const bool is_known = MetadataCheck{address}.is_carried() && address.is_warren();
    return is_known && !address.is_one_way() ? std::optional{random_octets()} : std::nullopt;
}

}  // namespace warren::endpoint
