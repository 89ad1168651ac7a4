#include "transport/http/unix_socket.hpp"

#include "transport/loop/asio_executor.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace warren::transport {
namespace {

Failure unix_failure(std::string message) {
    return {.code = Code::invalid_request, .message = std::move(message)};
}

std::string unix_word(int number) {
    return std::generic_category().message(number);
}

/// err  it is longer than the system takes
std::expected<sockaddr_un, Failure> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected{
            unix_failure(fmt::format("The path of a Unix socket may have {} bytes: '{}' is longer",
                                     sizeof address.sun_path - 1, path))};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// out  below 0: the system has none left, as `errno` says
int make_unix_socket() noexcept {
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// out  0, or the error's number
int connect_error(int descriptor, const sockaddr_un& address) noexcept {
    return ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
               ? 0
               : errno;
}

/// Take away what a process that has ended left there.
std::expected<void, Failure> make_way(const std::string& path, const sockaddr_un& address) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) {
        return {};
    }
    if (!S_ISSOCK(there.st_mode)) {
        return std::unexpected{unix_failure(
            fmt::format("Cannot listen at '{}': there is a file that is no socket; name another "
                        "path, or take it away",
                        path))};
    }
    const int descriptor = make_unix_socket();
    const int error = descriptor < 0 ? errno : connect_error(descriptor, address);
    ::close(descriptor);
    // A queue that is full is somebody's, too.
    if (error == 0 || error == EAGAIN) {
        return std::unexpected{unix_failure(fmt::format(
            "Cannot listen at '{}': another process does; end it, or name another path", path))};
    }
    if (error != ECONNREFUSED || ::unlink(path.c_str()) != 0) {
        return std::unexpected{unix_failure(
            fmt::format("Cannot listen at '{}', where another process has left a socket: {}", path,
                        unix_word(error == ECONNREFUSED ? errno : error)))};
    }
    return {};
}

}  // namespace

std::expected<PathSocket, Failure> PathSocket::open(const std::string& path, mode_t mode) {
    const auto address = unix_address(path);
    if (!address) {
        return std::unexpected{address.error()};
    }
    if (auto way = make_way(path, *address); !way) {
        return std::unexpected{std::move(way.error())};
    }
    const int descriptor = make_unix_socket();
    const bool is_bound =
        descriptor >= 0 &&
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
    // Nobody can connect before it listens, and so not before the mode is right.
    if (!is_bound || ::chmod(path.c_str(), mode) != 0 || ::listen(descriptor, SOMAXCONN) != 0) {
        const std::string word = unix_word(errno);
        ::close(descriptor);
        if (is_bound) {
            ::unlink(path.c_str());
        }
        return std::unexpected{unix_failure(
            fmt::format("Cannot listen at '{}': {}; its directory has to be there, and this user "
                        "has to be able to write it",
                        path, word))};
    }
    return PathSocket{path, descriptor};
}

PathSocket::PathSocket(std::string path, int descriptor)
    : path_{std::move(path)}, descriptor_{descriptor} {
    struct stat mine{};
    if (::lstat(path_.c_str(), &mine) == 0) {
        device_ = mine.st_dev;
        inode_ = mine.st_ino;
    }
}

PathSocket::PathSocket(PathSocket&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      descriptor_{std::exchange(other.descriptor_, -1)},
      device_{other.device_},
      inode_{other.inode_} {}

PathSocket::~PathSocket() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    struct stat there{};
    if (!path_.empty() && ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ &&
        there.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

int PathSocket::release() noexcept {
    return std::exchange(descriptor_, -1);
}

std::expected<TcpSocket, Failure> connect_unix(AsioExecutor& executor, const std::string& path) {
    const auto address = unix_address(path);
    if (!address) {
        return std::unexpected{address.error()};
    }
    const int descriptor = make_unix_socket();
    const int error = descriptor < 0 ? errno : connect_error(descriptor, *address);
    if (error != 0) {
        ::close(descriptor);
        return std::unexpected{Failure{
            .code = Code::connection_lost,
            .message = fmt::format("Cannot connect to unix://{}: {}", path, unix_word(error))}};
    }
    TcpSocket socket{executor.context()};
    boost::system::error_code failed;
    // Asio does no more with the protocol than to remember it.
    socket.assign(boost::asio::ip::tcp::v4(), descriptor, failed);
    return socket;
}

}  // namespace warren::transport
