#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace warren::transport {

/// A socket whose executor's type is known, so that completions are called directly.
using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Have what is written leave at once, for output is gathered by turns of the loop already; find
/// out that a peer vanished; and never wait inside of a call.
inline void prepare(TcpSocket& socket) noexcept {
    boost::system::error_code ignored;
    socket.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    socket.set_option(boost::asio::socket_base::keep_alive{true}, ignored);
    socket.non_blocking(true, ignored);
}

}  // namespace warren::transport
