#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "endpoint/server_listener.hpp"
#include "metrics/text.hpp"
#include "protocol/nonce_memory.hpp"
#include "runtime/dispatcher.hpp"
#include "runtime/lane.hpp"

namespace warren::transport {
class AsioExecutor;
}

namespace warren::endpoint {

/// What the listeners of one server share; all outlives them.
struct ListeningShared {
    transport::AsioExecutor& asio;  // runs the connections
    core::Limits limits;
    std::shared_ptr<protocol::NonceMemory> nonces;  // of signed requests
    metrics::CallSeriesTable* series = nullptr;     // where calls are counted; null: nowhere
};

/// One listener while it is served: its port, and what serves its requests behind it.
/// thread the I/O thread where nothing else is said; made and destroyed on none of the server's
class Listening {
public:
    virtual ~Listening() = default;
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    /// Such as "tcp://127.0.0.1:40123 methods=3".                            thread any, once open
    std::string display() const;
    virtual runtime::Executor& executor() noexcept = 0;  // thread any

    struct Opening {
        runtime::Dispatcher& dispatcher;
        Log& log;
        runtime::Answers answers;
        runtime::Forwarder* forwarder;    // of a proxy; otherwise null
        std::function<void()> on_change;  // of `consuming`
    };
    /// Make the port and what serves behind it, and consume.
    /// err  invalid_request: it cannot be listened there; only of direct listeners
    virtual std::expected<void, Failure> open(Opening opening) = 0;
    virtual bool consuming() const noexcept = 0;
    /// What a drain waits for beside handlers that run, for people; empty: for nothing.
    virtual std::string unfinished() const { return {}; }
    /// Take no more requests, and say when those that were taken are answered.
    virtual void drain(std::move_only_function<void()> on_drained) = 0;
    /// Give back or drop what is not answered yet; what was given to `drain` follows.
    virtual void stop_now() = 0;
    /// Unmake it all; `closed` follows when all output is written.
    virtual void close(std::move_only_function<void()> closed) = 0;

    /// Once closed: whether the other side has surely got what was sent.             thread any
    virtual bool is_flushed() const noexcept { return true; }

    virtual std::expected<void, Failure> reload_certificates() { return {}; }

    /// What it has done and has now; after `close` there is nothing.
    /// thread the I/O thread of what listens directly or at a broker
    virtual metrics::ListenerFigures figures() const = 0;

protected:
    Listening(ListenerPlan plan, std::vector<const Method*> methods, const ListeningShared& shared);

    const ListenerPlan& plan() const noexcept { return plan_; }
    /// The names of its methods; empty: it forwards all.
    const std::vector<std::string>& methods() const noexcept { return names_; }
    runtime::ListenerPolicy policy(const Opening& opening) const;
    const metrics::Route& route() const noexcept { return route_; }
    /// Where it listens, for people.
    virtual std::string place() const { return plan_.display(); }

private:
    ListenerPlan plan_;
    std::vector<const Method*> methods_;
    std::vector<std::string> names_;
    metrics::Route route_;
    std::optional<metrics::ListenerSeries> series_;
};

/// err  throws Error (invalid_request) for options that only now can be held against the methods
std::unique_ptr<Listening> make_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                          const ListeningShared& shared);

// One for each kind of place.
std::unique_ptr<Listening> make_message_listening(ListenerPlan plan,
                                                  std::vector<const Method*> methods,
                                                  const ListeningShared& shared);
std::unique_ptr<Listening> make_direct_listening(ListenerPlan plan,
                                                 std::vector<const Method*> methods,
                                                 const ListeningShared& shared);
std::unique_ptr<Listening> make_zmq_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                              const ListeningShared& shared);

}  // namespace warren::endpoint
