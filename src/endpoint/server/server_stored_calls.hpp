#pragma once

#include "endpoint/countdown.hpp"
#include "runtime/server/stored_calls.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace warren::endpoint {

/// A server's calls that its store has run later: when they begin, and when they end.
/// thread as the server's functions
class ServerStoredCalls {
public:
    /// in   all outlive `close`; keyed: null, or no listener: there are none
    void open(runtime::Dispatcher& dispatcher, transport::AsioExecutor& asio,
              runtime::KeyedCalls* keyed, std::vector<runtime::ListenerContextOptions> listeners);
    /// Have those that begin from now on under other policies, one for each listener in the order
    /// of `open`, and return when that is so.
    void renew(std::vector<std::shared_ptr<const runtime::PolicyInForce>> policies) const;
    /// Begin no more of them, once.
    void begin_drain();
    /// out  false: those that run are not done in time
    bool wait_until_drained(std::chrono::milliseconds timeout);
    /// Wait for those that run, while the I/O thread does.
    void close();

private:
    void wait_until_drained();

    transport::AsioExecutor* asio_ = nullptr;
    std::unique_ptr<runtime::StoredCalls> calls_;
    std::shared_ptr<Countdown> drained_;
};

}  // namespace warren::endpoint
