#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/net/connect_failure.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/link.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>

namespace warren::transport {

/// Makes one connected socket: resolves the host, tries its addresses one after the other, and
/// waits for the handshake, all within the options' `connect_timeout`. Who the server does not let
/// in gets `unauthenticated`.          thread the I/O thread
class ZmqDialer {
public:
    using Dialled = std::expected<std::shared_ptr<ZmqLink>, ConnectFailure>;

    /// in   executor, options, endpoint: outlive the dialling
    ///      dialled: called once, never inside the constructor, unless this is destroyed before;
    ///      it sets the link's user
    ZmqDialer(AsioExecutor& executor, const ZmqLinkOptions& options, const ZmqEndpoint& endpoint,
              std::move_only_function<void(Dialled)> dialled);
    ZmqDialer(const ZmqDialer&) = delete;
    ZmqDialer& operator=(const ZmqDialer&) = delete;
    /// Gives up.
    ~ZmqDialer();

    /// Since when the handshake of whoever was reached is not answered, or was not in the end.
    std::optional<runtime::TimePoint> unanswered_since() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
