#pragma once

#include <warren/error.hpp>

#include "transport/net/tcp_socket.hpp"

#include <sys/types.h>

#include <expected>
#include <string>

namespace warren::transport {

class AsioExecutor;

/// A Unix socket that listens under a path, which is gone with it, unless somebody else has that
/// path by then.
class PathSocket {
public:
    /// The file of a process that has ended is replaced; who may write it may connect.
    /// in   mode: of the file
    /// err  invalid_request: somebody listens there, it is another kind of file, or the path cannot
    ///      be had; says which, and what to do
    static std::expected<PathSocket, Failure> open(const std::string& path, mode_t mode);
    PathSocket(PathSocket&& other) noexcept;
    PathSocket& operator=(PathSocket&&) = delete;
    ~PathSocket();

    /// The socket, which is the caller's to close from here on.
    int release() noexcept;

private:
    PathSocket(std::string path, int descriptor);

    std::string path_;  // empty: moved from
    int descriptor_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// Connect to such a socket. The result is one as any other to who reads and writes it.
/// err  why not, and what to do
std::expected<TcpSocket, Failure> connect_unix(AsioExecutor& executor, const std::string& path);

}  // namespace warren::transport
