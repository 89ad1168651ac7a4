#include "endpoint/call_log/log_server.hpp"

#include "endpoint/failures.hpp"

namespace warren::endpoint {

std::expected<HttpPlace, Failure> log_server_of(const CallLogOptions& options) {
    if (options.api_token.empty()) {
        return refused("A log server wants a token (api_token)");
    }
    if (options.connections == 0 || options.queue_bytes_max == 0) {
        return refused("A log of calls needs a connection and room for what waits");
    }
    auto place = http_place({.address = options.base_url,
                             .peer = "log server",
                             .headers = {{"X-API-Token", options.api_token}},
                             .timeout = options.timeout});
    while (place && place->path.ends_with('/')) {
        place->path.pop_back();
    }
    return place;
}

}  // namespace warren::endpoint
