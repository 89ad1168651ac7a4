#pragma once

#include <warren/error.hpp>

#include "transport/net/tcp_socket.hpp"
#include "transport/tcp/options.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <expected>
#include <string>

namespace warren::transport {

using AsioAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                        boost::asio::io_context::executor_type>;

/// Where a socket listens that somebody else has made.
/// err  invalid_request: it is no TCP socket, or listens nowhere
std::expected<boost::asio::ip::tcp::endpoint, Failure> find_listening_endpoint(int socket);

/// Listen where the options say; a name is resolved here and now.
/// out  where that is, with the port
/// err  invalid_request: the address cannot be had; says which, why, and what to do
std::expected<boost::asio::ip::tcp::endpoint, Failure> listen(AsioAcceptor& acceptor,
                                                              const TcpServerOptions& options);

/// Who is at the other end, such as "127.0.0.1:40123"; empty when it is gone already.
std::string address_of(const TcpSocket& socket);

}  // namespace warren::transport
