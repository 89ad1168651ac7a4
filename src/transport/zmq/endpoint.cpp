#include "transport/zmq/endpoint.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace warren::transport {
namespace {

std::unexpected<Failure> refuse(std::string_view text, std::string_view why) {
    return std::unexpected{
        Failure{.code = Code::invalid_request,
                .message = fmt::format("'{}' is no endpoint of ZeroMQ: {}", text, why)}};
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

std::expected<ZmqEndpoint, Failure> parse_tcp(ZmqEndpoint endpoint, std::string_view rest,
                                              ZmqSide side) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return refuse(endpoint.text, "it must be tcp://HOST:PORT");
    }
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    if (side == ZmqSide::bind) {
        return endpoint;
    }
    if (!is_port(port)) {
        return refuse(endpoint.text, "its port must be a number from 1 to 65535");
    }
    if (host == "*") {
        return refuse(endpoint.text, "'*' can be bound only; give the host to connect to");
    }
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    endpoint.host = host;
    endpoint.port = port;
    return endpoint;
}

std::string_view remedy_for(int error, bool has_port) {
    switch (error) {
    case EADDRINUSE:
        return has_port ? "; does another server run there? Port 0 takes a free one"
                        : "; another server has it: choose another name";
    case EACCES:
        return has_port ? "; ports under 1024 need a privilege (CAP_NET_BIND_SERVICE)"
                        : "; this user may not write in its folder";
    case EADDRNOTAVAIL:
    case ENODEV:
        return "; it is no address and no interface of this machine";
    case ENOENT:
        return "; its folder must be there";
    default:
        return "";
    }
}

}  // namespace

std::expected<ZmqEndpoint, Failure> parse_zmq_endpoint(std::string_view text, ZmqSide side) {
    ZmqEndpoint endpoint{.text = std::string{text}};
    const std::size_t colon = text.find("://");
    const std::string_view scheme = text.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 3);
    if (scheme == "tcp") {
        return parse_tcp(std::move(endpoint), rest, side);
    }
    if (scheme == "ipc") {
        endpoint.kind = ZmqEndpoint::Kind::ipc;
        if (rest.empty() || rest.size() >= sizeof sockaddr_un{}.sun_path) {
            return refuse(text, fmt::format("its path must have 1 to {} bytes",
                                            sizeof sockaddr_un{}.sun_path - 1));
        }
        endpoint.name = rest;
        return endpoint;
    }
    if (scheme == "inproc") {
        endpoint.kind = ZmqEndpoint::Kind::inproc;
        endpoint.name = rest;
        if (rest.empty() || rest.size() > 255) {
            return refuse(text, "its name must have 1 to 255 bytes");
        }
        return endpoint;
    }
    return refuse(text, "it must begin with tcp://, ipc:// or inproc://");
}

Failure bind_failure(std::string_view endpoint, int error) {
    return {.code = Code::invalid_request,
            .message = fmt::format("Cannot listen at {}: {}{}", endpoint, zmq_strerror(error),
                                   remedy_for(error, endpoint.starts_with("tcp://")))};
}

std::expected<void, Failure> check_unused(const ZmqEndpoint& endpoint) {
    if (endpoint.kind != ZmqEndpoint::Kind::ipc || endpoint.name == "*" ||
        endpoint.name.front() == '@') {
        return {};
    }
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, endpoint.name.data(), endpoint.name.size());
    const bool is_answered =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (is_answered) {
        return std::unexpected{bind_failure(endpoint.text, EADDRINUSE)};
    }
    return {};
}

}  // namespace warren::transport
