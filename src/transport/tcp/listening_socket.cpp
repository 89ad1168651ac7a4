#include "transport/tcp/listening_socket.hpp"

#include "transport/net/descriptors.hpp"
#include "transport/tcp/listen.hpp"

#include <boost/asio/error.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace warren::transport {

using boost::asio::ip::tcp;
using boost::system::error_code;

Acceptor::Acceptor(AsioExecutor& executor, Visitors visitors, Accepted accepted)
    : executor_{executor}, visitors_{visitors}, accepted_{std::move(accepted)} {}

std::expected<tcp::endpoint, Failure> Acceptor::listen(const TcpServerOptions& options) {
    AsioAcceptor acceptor{executor_.context()};
    auto listening = transport::listen(acceptor, options);
    if (listening) {
        protocol_ = listening->protocol();
        PolledUser& user = *this;
        socket_.emplace(executor_.poller(), acceptor.release(), user);
    }
    return listening;
}

std::expected<void, Failure> Acceptor::adopt(int listening) {
    AsioAcceptor acceptor{executor_.context()};
    error_code error;
    acceptor.assign(protocol_, listening, error);
    if (error) {
        return std::unexpected{Failure{.code = Code::invalid_request, .message = error.message()}};
    }
    PolledUser& user = *this;
    socket_.emplace(executor_.poller(), acceptor.release(), user);
    return {};
}

void Acceptor::accept() {
    socket_->want_readable();
}

void Acceptor::close() noexcept {
    if (socket_) {
        socket_->close();
    }
}

void Acceptor::close_after_queue() {
    while (is_open() && accept_next() == Next::handed_over) {
    }
    close();
}

void Acceptor::on_ready(Readiness) {
    if (accept_next() == Next::nobody) {
        accept();
    }
}

/// Whoever hears of it may end this, unless there is nobody.
Acceptor::Next Acceptor::accept_next() {
    if (visitors_ == Visitors::callers && !has_descriptor_for_caller(socket_->native_handle())) {
        accepted_({EMFILE, boost::system::system_category()}, TcpSocket{executor_.context()});
        return Next::not_acceptable;
    }
    const int descriptor =
        ::accept4(socket_->native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return Next::nobody;
    }
    error_code error;
    TcpSocket socket{executor_.context()};
    if (descriptor < 0) {
        error = {errno, boost::system::system_category()};
    } else {
        socket.assign(protocol_, descriptor, error);
    }
    accepted_(error, std::move(socket));
    return descriptor < 0 ? Next::not_acceptable : Next::handed_over;
}

}  // namespace warren::transport
