#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/line_limit.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/refusal_lines.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/monitor.hpp"
#include "transport/zmq/options.hpp"
#include "transport/zmq/socket.hpp"

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace warren::transport {

struct ZmqBindingOptions {
    int socket_type = 0;  // such as ZMQ_ROUTER
    std::vector<std::string> endpoints{};
    ZmqSide side = ZmqSide::bind;
    std::variant<ZmqServerSecurity, ZmqClientSecurity> security{};
    ZmqLimits limits{};
    Log* log = nullptr;
    /// Called when a connection has come or gone; may be empty.
    std::function<void(const ZmqEvent&)> changed{};
};

/// A socket that stands at all of its endpoints at once, whoever comes and goes there, and what is
/// known of those.          thread the I/O thread
class ZmqBinding final : private ZmqMonitor::User {
public:
    /// Bind, or begin to connect.
    /// in   executor, counters: outlive the binding
    /// err  invalid_request: an endpoint that cannot be had, or a key that is none
    static std::expected<std::unique_ptr<ZmqBinding>, Failure> open(AsioExecutor& executor,
                                                                    ZmqBindingOptions options,
                                                                    ZmqCounters& counters);
    ZmqBinding(const ZmqBinding&) = delete;
    ZmqBinding& operator=(const ZmqBinding&) = delete;
    /// Closes at once.
    ~ZmqBinding();

    ZmqSocket& socket() noexcept { return socket_; }
    /// With the ports that were found where 0 was asked.
    const std::vector<std::string>& endpoints() const noexcept { return endpoints_; }

    /// Why the last peer that could not shake hands could not; empty: none came.
    const std::string& last_refusal() const noexcept { return last_refusal_; }

    /// Tell of all connections that have come and gone until now.
    void handle_events() { monitor_->handle_events(); }

    /// Send what is due, for half a second at most, and give the endpoints up. `closed` is called
    /// later, once that is done, and may destroy this.
    void close(std::move_only_function<void()> closed);

private:
    ZmqBinding(AsioExecutor& executor, ZmqBindingOptions options, ZmqCounters& counters);
    std::expected<void, Failure> prepare();
    std::expected<void, Failure> secure();
    std::expected<void, Failure> add(const std::string& text);
    std::expected<void, Failure> bind(const ZmqEndpoint& endpoint);
    void on_event(const ZmqEvent& event) override;
    void on_changed(const ZmqEvent& event);
    void on_accepted(int descriptor);
    void on_gone(int descriptor);
    void on_refused(const ZmqEvent& event);
    void log_refused(std::string_view peer, std::string_view reason);
    void connect_again_later();
    void log_line(const std::string& line);

    AsioExecutor& executor_;
    const ZmqBindingOptions options_;
    ZmqCounters& counters_;
    ZmqSocket socket_;
    std::shared_ptr<const std::string> zap_domain_;
    std::vector<std::shared_ptr<void>> names_;  // of inproc
    std::vector<std::string> endpoints_;
    std::unique_ptr<ZmqMonitor> monitor_;
    std::string last_refusal_;
    std::string unreported_refusal_;              // of the connection that ends next
    std::unordered_map<int, std::string> peers_;  // addresses by descriptors
    RefusalLines refusals_;
    core::LineLimit lines_;
    runtime::Executor::TimerId connect_timer_ = 0;
    std::move_only_function<void()> closed_;
};

}  // namespace warren::transport
