#pragma once

#include "core/limits.hpp"
#include "endpoint/server/listener_config.hpp"
#include "metrics/text.hpp"
#include "protocol/nonce_memory.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/listener_context.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren::transport {
class AsioExecutor;
}

namespace warren::endpoint {

/// What the listeners of one server share; all outlives them.
struct ListenerShared {
    transport::AsioExecutor& asio;  // runs the connections
    core::Limits limits;
    std::shared_ptr<protocol::NonceMemory> nonces;  // of signed requests
    metrics::CallSeriesTable* series = nullptr;     // where calls are counted; null: nowhere
};

/// One listener while it is served: its transport, and what serves its requests behind it.
/// thread the I/O thread where nothing else is said; made and destroyed on none of the server's
class ActiveListener {
public:
    virtual ~ActiveListener() = default;
    ActiveListener(const ActiveListener&) = delete;
    ActiveListener& operator=(const ActiveListener&) = delete;

    const ListenerConfig& config() const noexcept { return config_; }  // thread any
    /// Such as "tcp://127.0.0.1:40123 methods=3".                            thread any, once open
    std::string display() const;
    /// Such as "tcp://127.0.0.1:40123", for a client.                         thread any, once open
    std::string address() const { return location() + config_.client_parameters; }
    virtual runtime::Executor& executor() noexcept = 0;  // thread any

    struct Opening {
        runtime::Dispatcher& dispatcher;
        Log& log;
        runtime::Responses responses;
        runtime::Forwarder* forwarder;               // of a proxy; otherwise null
        std::function<void()> on_change;             // of `consuming`
        runtime::KeyedCalls* keyed_calls = nullptr;  // of its store; null: it has none
        runtime::StoreLocks* store_locks = nullptr;  // of the same
        std::uint32_t keyed_attempts_max = 0;        // as the store's options say
        runtime::Interceptors::All interceptors{};   // of the server
        std::string forwards_to{};                   // of a proxy
    };
    /// What its calls find, for those that come from the server's store.
    runtime::ListenerContextOptions stored_options(const Opening& opening) const;
    /// The policy that other options make for them.          thread any, once open
    std::shared_ptr<const runtime::PolicyInForce> stored_policy_of(
        const ListenerConfig& wanted) const;
    /// Make the transport and what serves behind it, and consume.
    /// err  invalid_request: it cannot be listened there; only of listeners without a broker
    virtual std::expected<void, Failure> open(Opening opening) = 0;
    virtual bool consuming() const noexcept = 0;
    /// What a drain waits for beside handlers that run, for people; empty: for nothing.
    virtual std::string unfinished() const { return {}; }
    /// Take no more requests, and say when those that were taken are answered.
    virtual void drain(std::move_only_function<void()> on_drained) = 0;
    /// Requeue or drop what is not answered yet; what was given to `drain` follows.
    virtual void stop_now() = 0;
    /// Unmake it all; `closed` follows when all output is written.
    virtual void close(std::move_only_function<void()> closed) = 0;
    /// Do not wait any longer for others to take the output of what is being closed.
    virtual void close_now() {}

    /// Once closed: whether the other side has surely got what was sent.             thread any
    virtual bool is_flushed() const noexcept { return true; }

    /// Puts other options in force.          thread the I/O thread, once
    class Change {
    public:
        virtual ~Change() = default;
        virtual void apply() = 0;
    };
    /// Make ready what of other options a listener takes that runs; whatever else they say stays as
    /// it was. A change keeps what it has replaced, for its owner to destroy.
    /// in   wanted: of the same place
    /// err  a file of TLS that cannot be used, which may have changed again
    /// thread any but the I/O thread, one at a time; only of one that is open
    virtual std::expected<std::unique_ptr<Change>, Failure> prepare(
        const ListenerConfig& wanted) = 0;

    /// What it has done and has now; after `close` there is nothing.
    /// thread the I/O thread of what listens directly or at a broker
    virtual metrics::ListenerFigures figures() const = 0;

protected:
    ActiveListener(ListenerConfig config, std::vector<const Method*> methods,
                   const ListenerShared& shared);

    /// The names of its methods; empty: it forwards all.
    const std::vector<std::string>& methods() const noexcept { return names_; }
    runtime::ListenerContextOptions listener_options(const Opening& opening);
    runtime::ListenerContextOptions options_of(const Opening& opening) const;
    /// The policy that other options make.
    std::shared_ptr<const runtime::PolicyInForce> policy_of(const ListenerConfig& wanted) const;
    const metrics::Route& route() const noexcept { return route_; }
    /// The broker, or where it listens itself.
    virtual std::string location() const { return config_.address.display(); }

private:
    ListenerConfig config_;
    std::vector<const Method*> methods_;
    std::vector<std::string> names_;
    metrics::Route route_;
    std::optional<metrics::ListenerSeries> series_;
    // Once open.
    runtime::Interceptors::All interceptors_;  // of the server
    const runtime::Clock* clock_ = nullptr;
};

/// err  throws Error (invalid_request) for options that only now can be held against the methods
std::unique_ptr<ActiveListener> make_listener(ListenerConfig config,
                                              std::vector<const Method*> methods,
                                              const ListenerShared& shared);

// One for each kind of place.
std::unique_ptr<ActiveListener> make_message_listener(ListenerConfig config,
                                                      std::vector<const Method*> methods,
                                                      const ListenerShared& shared);
std::unique_ptr<ActiveListener> make_tcp_listener(ListenerConfig config,
                                                  std::vector<const Method*> methods,
                                                  const ListenerShared& shared);
std::unique_ptr<ActiveListener> make_zmq_listener(ListenerConfig config,
                                                  std::vector<const Method*> methods,
                                                  const ListenerShared& shared);

}  // namespace warren::endpoint
