#include "endpoint/client/client_route_stream.hpp"

#include <algorithm>

namespace warren::endpoint {

runtime::StreamClientOptions stream_client_options(const Address& address,
                                                   const ClientOptions& options,
                                                   std::size_t connections_per_server,
                                                   runtime::BackoffOptions backoff) {
    if (options.connect_pause.count() > 0) {
        backoff.first = options.connect_pause;
        backoff.max = std::max(backoff.max, backoff.first);
    }
    constexpr std::size_t attempts_default = 5;
    return {.in_flight_max = options.in_flight_max,
            .random = random_octets(),
            .pool = {.connections_per_address = connections_per_server,
                     .connections_max = options.connections_max,
                     .connect_attempts = static_cast<std::uint32_t>(
                         options.connect_attempts.value_or(attempts_default)),
                     .connect_backoff = backoff},
            .retry = {.retries_max = options.retries_max},
            .key_random = key_octets(address),
            .log = options.log};
}

}  // namespace warren::endpoint
