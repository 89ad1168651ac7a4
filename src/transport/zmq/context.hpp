#pragma once

#include "transport/zmq/inproc_names.hpp"
#include "transport/zmq/zap_handler.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace warren::transport {

/// The ZeroMQ context of this process, with its I/O thread: one, so that a server and a client of
/// one process can meet at "inproc://". Made for its first user, and gone with its last.
/// thread any
class ZmqContext {
public:
    /// out  null: the process has too few descriptors left
    static std::shared_ptr<ZmqContext> shared();

    ZmqContext();
    ZmqContext(const ZmqContext&) = delete;
    ZmqContext& operator=(const ZmqContext&) = delete;
    /// Waits for what its sockets linger for, at most.
    ~ZmqContext();

    void* handle() const noexcept { return handle_; }
    InprocNames& inproc_names() noexcept { return inproc_names_; }
    /// Made when it is first needed, and before the first socket that needs it is connected to.
    ZapHandler& zap();
    /// An endpoint that nobody else has.
    std::string unique_endpoint();

private:
    void* const handle_;
    InprocNames inproc_names_{};
    std::mutex mutex_{};  // of what follows
    std::uint64_t endpoints_ = 0;
    std::optional<ZapHandler> zap_{};
};

}  // namespace warren::transport
