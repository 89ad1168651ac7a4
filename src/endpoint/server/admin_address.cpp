#include "endpoint/server/admin_address.hpp"

#include "endpoint/address/address.hpp"

#include <variant>

namespace warren::endpoint {

std::expected<transport::HttpServerOptions, Failure> parse_admin_address(
    const std::string& address) {
    const auto parsed = parse_address("tcp://" + address);
    const auto* tcp = parsed ? std::get_if<TcpAddress>(&parsed->transport) : nullptr;
    if (tcp == nullptr || tcp->servers.size() != 1 || address.find('?') != std::string::npos) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = "The address to watch the server at should be HOST:PORT, such as "
                               "127.0.0.1:9095 (port 0: a free one)"}};
    }
    return transport::HttpServerOptions{.host = tcp->servers.front().host,
                                        .port = tcp->servers.front().port};
}

}  // namespace warren::endpoint
