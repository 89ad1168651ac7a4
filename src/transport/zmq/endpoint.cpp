#include "transport/zmq/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
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
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    endpoint.host = host;
    endpoint.port = port;
    if (side == ZmqSide::bind) {
        return endpoint;
    }
    if (!is_port(port)) {
        return refuse(endpoint.text, "its port must be a number from 1 to 65535");
    }
    if (host == "*") {
        return refuse(endpoint.text, "'*' can be bound only; give the host to connect to");
    }
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
    case ENOTDIR:
        return "; its folder must be there";
    default:
        return "";
    }
}

/// Of ipc, but for names that are generated or have no file.
bool has_file(const ZmqEndpoint& endpoint) {
    return endpoint.kind == ZmqEndpoint::Kind::ipc && endpoint.name != "*" &&
           endpoint.name.front() != '@';
}

std::expected<void, Failure> check_folder(const ZmqEndpoint& endpoint) {
    std::string folder = endpoint.name.substr(0, endpoint.name.rfind('/') + 1);
    struct stat found{};
    if (::stat(folder.empty() ? "." : folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
        return std::unexpected{bind_failure(endpoint.text, ENOENT)};
    }
    return {};
}

/// out  errno of connecting to a socket; 0: somebody listens there
int probe(const std::string& path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int error =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0
                                                                                            : errno;
    ::close(socket);
    return error;
}

/// Of IPv6 also with its scope.
bool is_numeric(std::string host) {
    host.erase(std::min(host.find('%'), host.size()));
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
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

std::expected<void, Failure> check_path(const ZmqEndpoint& endpoint) {
    struct stat found{};
    if (!has_file(endpoint)) {
        return {};
    }
    if (::lstat(endpoint.name.c_str(), &found) != 0) {
        return errno == ENOENT ? check_folder(endpoint)
                               : std::unexpected{bind_failure(endpoint.text, errno)};
    }
    if (!S_ISSOCK(found.st_mode)) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = fmt::format("Cannot listen at {}: a file is there that is no "
                                           "socket; choose another path",
                                           endpoint.text)}};
    }
    return {};
}

std::expected<void, Failure> check_unused(const ZmqEndpoint& endpoint) {
    if (auto checked = check_path(endpoint); !checked || !has_file(endpoint)) {
        return checked;
    }
    // Of a socket that is full of callers, or of another type, somebody has the other side.
    const int error = probe(endpoint.name);
    if (error == ECONNREFUSED || error == ENOENT) {
        return {};
    }
    return std::unexpected{bind_failure(endpoint.text, error == EACCES ? error : EADDRINUSE)};
}

std::expected<std::string, Failure> numeric_endpoint(const ZmqEndpoint& endpoint) {
    if (endpoint.kind != ZmqEndpoint::Kind::tcp || endpoint.host == "*" ||
        is_numeric(endpoint.host) || ::if_nametoindex(endpoint.host.c_str()) != 0) {
        return endpoint.text;
    }
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(endpoint.host.c_str(), nullptr, &wanted, &list);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found{list, ::freeaddrinfo};
    if (error != 0) {
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message = fmt::format("Cannot listen at {}: '{}' is no interface of this machine, and "
                                   "as a host's name it is not resolved: {}",
                                   endpoint.text, endpoint.host, ::gai_strerror(error))}};
    }
    const addrinfo* chosen = list;
    while (chosen->ai_family != AF_INET && chosen->ai_next != nullptr) {
        chosen = chosen->ai_next;
    }
    chosen = chosen->ai_family == AF_INET ? chosen : list;
    std::array<char, NI_MAXHOST> address{};
    ::getnameinfo(chosen->ai_addr, chosen->ai_addrlen, address.data(), address.size(), nullptr, 0,
                  NI_NUMERICHOST);
    return fmt::format(fmt::runtime(chosen->ai_family == AF_INET ? "tcp://{}:{}" : "tcp://[{}]:{}"),
                       address.data(), endpoint.port);
}

}  // namespace warren::transport
