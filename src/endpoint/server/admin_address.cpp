#include "endpoint/server/admin_address.hpp"

#include "endpoint/address/address.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <variant>

namespace warren::endpoint {

namespace {

constexpr std::string_view unix_scheme = "unix://";

std::expected<transport::HttpServerOptions, Failure> parse_unix_address(std::string_view address) {
    constexpr std::string_view mode_key = "mode=";
    address.remove_prefix(unix_scheme.size());
    const std::size_t end = std::min(address.find('?'), address.size());
    transport::HttpServerOptions options{.unix_path = std::string{address.substr(0, end)}};
    std::string_view query = address.substr(std::min(end + 1, address.size()));
    bool is_good = options.unix_path.starts_with('/');
    if (end != address.size()) {
        constexpr int octal = 8;
        constexpr unsigned mode_max = 0777;
        is_good = is_good && query.starts_with(mode_key);
        query.remove_prefix(std::min(mode_key.size(), query.size()));
        const auto [stopped, error] =
            std::from_chars(query.data(), query.data() + query.size(), options.unix_mode, octal);
        is_good = is_good && error == std::errc{} && stopped == query.data() + query.size() &&
                  options.unix_mode <= mode_max;
    }
    if (!is_good) {
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message = "The Unix socket to watch the server at should be unix:///PATH, such as "
                       "unix:///run/warren/admin.sock, with ?mode=0660 if others may connect"}};
    }
    return options;
}

}  // namespace

std::expected<transport::HttpServerOptions, Failure> parse_admin_address(
    const std::string& address) {
    if (address.starts_with(unix_scheme)) {
        return parse_unix_address(address);
    }
    const auto parsed = parse_address("tcp://" + address);
    const auto* tcp = parsed ? std::get_if<TcpAddress>(&parsed->transport) : nullptr;
    if (tcp == nullptr || tcp->servers.size() != 1 || address.find('?') != std::string::npos) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = "The address to watch the server at should be HOST:PORT, such as "
                               "127.0.0.1:9095 (port 0: a free one), or unix:///PATH"}};
    }
    return transport::HttpServerOptions{.host = tcp->servers.front().host,
                                        .port = tcp->servers.front().port};
}

}  // namespace warren::endpoint
