#include "conformance/dead_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace warren::conformance {

DeadPort::DeadPort() : socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const any = reinterpret_cast<sockaddr*>(&where);
    if (socket_ < 0 || bind(socket_, any, size) != 0 || getsockname(socket_, any, &size) != 0) {
        throw std::system_error{errno, std::generic_category(), "no port to hold"};
    }
    address_ = "127.0.0.1:" + std::to_string(ntohs(where.sin_port));
}

DeadPort::~DeadPort() {
    close(socket_);
}

}  // namespace warren::conformance
