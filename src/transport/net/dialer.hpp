#pragma once

#include "transport/asio_executor.hpp"
#include "transport/net/connect_failure.hpp"
#include "transport/net/dial_target.hpp"
#include "transport/net/stream.hpp"

#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// Makes one connected stream: resolves the host, tries its addresses one after the other, and
/// shakes hands for TLS, all within the target's `connect_timeout`.
class Dialer {
public:
    using Dialled = std::expected<std::unique_ptr<Stream>, ConnectFailure>;

    /// in   target, executor: outlive the dialling
    ///      dialled: called once, never inside the constructor, unless this is destroyed before
    Dialer(AsioExecutor& executor, const DialTarget& target,
           std::move_only_function<void(Dialled)> dialled);
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;
    /// Gives up.
    ~Dialer();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
