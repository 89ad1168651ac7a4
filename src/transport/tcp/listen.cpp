#include "transport/tcp/listen.hpp"

#include "transport/net/descriptors.hpp"

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace warren::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

bool is_everywhere(std::string_view host) {
    return host.empty() || host == "*";
}

/// Where to listen, the best first.
std::vector<tcp::endpoint> candidates(asio::io_context& context, const TcpServerOptions& options,
                                      error_code& error) {
    if (is_everywhere(options.host)) {
        return {{tcp::v6(), options.port}, {tcp::v4(), options.port}};
    }
    asio::ip::basic_resolver<tcp, asio::io_context::executor_type> resolver{context};
    std::vector<tcp::endpoint> found;
    for (const auto& entry :
         resolver.resolve(options.host, std::to_string(options.port),
                          tcp::resolver::numeric_service | tcp::resolver::passive, error)) {
        found.push_back(entry.endpoint());
    }
    return found;
}

error_code listen_at(AsioAcceptor& acceptor, const tcp::endpoint& where,
                     const TcpServerOptions& options) {
    error_code error;
    error_code ignored;
    acceptor.close(ignored);
    acceptor.open(where.protocol(), error);
    if (!error) {
        acceptor.set_option(tcp::acceptor::reuse_address{true}, ignored);
        if (options.reuse_port) {
            acceptor.set_option(ReusePort{true}, error);
        }
    }
    if (!error) {
        if (where.protocol() == tcp::v6()) {
            acceptor.set_option(asio::ip::v6_only{!is_everywhere(options.host)}, ignored);
        }
        acceptor.bind(where, error);
    }
    if (!error) {
        acceptor.listen(options.backlog, error);
    }
    if (!error) {
        acceptor.non_blocking(true, error);
    }
    if (error) {
        acceptor.close(ignored);
    }
    return error;
}

std::string_view remedy_for(const error_code& error, const TcpServerOptions& options) {
    if (error == asio::error::address_in_use && options.reuse_port) {
        return "; does a server run there that does not say reuse_port, or another user's?";
    }
    if (error == asio::error::address_in_use) {
        return "; does another server run there? Port 0 takes a free one";
    }
    if (error == asio::error::access_denied) {
        return "; ports under 1024 need a privilege (CAP_NET_BIND_SERVICE)";
    }
    if (error == std::errc::address_not_available) {
        return "; it is no address of this machine";
    }
    return "";
}

int option_of(int socket, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/// Listen with a socket that listens already.
std::expected<tcp::endpoint, Failure> take_over(AsioAcceptor& acceptor, int socket) {
    auto where = find_listening_endpoint(socket);
    if (!where) {
        return where;
    }
    error_code error;
    acceptor.assign(where->protocol(), socket, error);
    if (!error) {
        acceptor.non_blocking(true, error);
    }
    if (error) {
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message =
                fmt::format("Cannot listen with the socket {}: {}", socket, error.message())}};
    }
    return where;
}

}  // namespace

std::expected<tcp::endpoint, Failure> find_listening_endpoint(int socket) {
    tcp::endpoint where;
    socklen_t size = static_cast<socklen_t>(where.capacity());
    const int family = option_of(socket, SO_DOMAIN);
    const bool is_tcp = (family == AF_INET || family == AF_INET6) &&
                        option_of(socket, SO_TYPE) == SOCK_STREAM &&
                        getsockname(socket, where.data(), &size) == 0;
    if (!is_tcp || option_of(socket, SO_ACCEPTCONN) != 1) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = fmt::format(
                        "The descriptor {} is {}: it should be a TCP socket that listens", socket,
                        family < 0 ? "no socket"
                        : is_tcp   ? "a TCP socket that does not listen"
                                   : "a socket of another kind")}};
    }
    where.resize(size);
    return where;
}

std::expected<tcp::endpoint, Failure> listen(AsioAcceptor& acceptor,
                                             const TcpServerOptions& options) {
    ask_for_descriptors(options.connections_max);
    if (options.listening_socket) {
        return take_over(acceptor, *options.listening_socket);
    }
    error_code error;
    for (const tcp::endpoint& where : candidates(
             static_cast<asio::io_context&>(acceptor.get_executor().context()), options, error)) {
        error = listen_at(acceptor, where, options);
        if (!error) {
            return acceptor.local_endpoint();
        }
    }
    return std::unexpected{Failure{
        .code = Code::invalid_request,
        .message =
            fmt::format("Cannot listen at {}: {}{}", host_and_port(options.host, options.port),
                        error.message(), remedy_for(error, options))}};
}

std::string address_of(const TcpSocket& socket) {
    error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    return error ? std::string{} : host_and_port(peer.address().to_string(), peer.port());
}

}  // namespace warren::transport
