#pragma once

#include <functional>
#include <memory>
#include <string>

#include "endpoint/server_listener.hpp"
#include "runtime/dispatcher.hpp"
#include "runtime/message_server.hpp"
#include "runtime/ports.hpp"

namespace warren::transport {
class AsioExecutor;
}

namespace warren::endpoint {

/// One listener while it is served: its port, and the server of messages behind it. What is said
/// to run on the I/O thread is handed over to it.          thread one, none of the server's
class Listening {
public:
    Listening(ListenerPlan plan, std::vector<const Method*> methods, const core::Limits& limits);
    virtual ~Listening() = default;
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    std::string display() const;

    virtual runtime::Executor& executor() noexcept = 0;
    /// Make the port and the server behind it, and consume.               thread the I/O thread
    void open(runtime::Dispatcher& dispatcher, Log& log, runtime::ListenerPolicy policy,
              std::function<void()> on_change);
    /// Unmake them; `closed` follows when all output is written.           thread the I/O thread
    void close(std::move_only_function<void()> closed);

    /// nullptr before `open` and after `close`.                            thread the I/O thread
    runtime::MessageServer* server() noexcept { return server_.get(); }

protected:
    virtual std::unique_ptr<runtime::ServerPort> make_port(Log& log) = 0;
    virtual void start(runtime::ServerPort& port, runtime::ServerSink& sink) = 0;
    virtual void close_transport(std::move_only_function<void()> closed) = 0;

    const ListenerPlan& plan() const noexcept { return plan_; }
    const protocol::Topology& topology() const noexcept { return topology_; }
    const core::Limits& limits() const noexcept { return limits_; }

private:
    ListenerPlan plan_;
    core::Limits limits_;
    std::vector<const Method*> methods_;
    std::unique_ptr<protocol::MessageDialect> dialect_;
    protocol::Topology topology_;
    std::unique_ptr<runtime::ServerPort> port_;
    std::unique_ptr<runtime::MessageServer> server_;
};

/// in   asio: runs the connections to brokers; must outlive the result
std::unique_ptr<Listening> make_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                          const core::Limits& limits,
                                          transport::AsioExecutor& asio);

}  // namespace warren::endpoint
