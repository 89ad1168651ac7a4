#pragma once

#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/server.hpp>

#include "endpoint/server/call_feed.hpp"
#include "metrics/host_labels.hpp"
#include "metrics/text.hpp"
#include "runtime/executor.hpp"
#include "transport/http/http_server.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {

/// Whether a server is to be watched at all.
inline bool has_admin(const ServerOptions& options) noexcept {
    return options.admin_socket || !options.admin_address.empty();
}

/// What people and programs who watch a server get over HTTP: /metrics, /healthz, /readyz, /status
/// and the calls as they end.
/// thread the I/O thread, or any while nobody runs it
class ServerAdmin {
public:
    struct Sources {
        const metrics::CallSeriesTable& series;
        std::function<metrics::ServerFigures()> figures;
        /// Why no further requests are taken, or not from everywhere; empty: all is ready.
        std::function<std::vector<std::string>()> not_ready;
        std::function<Dynamic()> status;
        /// Tell of calls that end from now on; null: tell nobody any more.
        std::function<void(ServerInterceptor* watcher)> watch;
    };

    /// Listen.
    /// in   options: with an address or a socket; executor, and what the sources refer to, outlive
    ///      the result
    /// err  invalid_request: the address is none, or cannot be had
    static std::expected<std::unique_ptr<ServerAdmin>, Failure> open(
        transport::AsioExecutor& executor, const ServerOptions& options, Sources sources);

    /// Such as "127.0.0.1:9095".                                                    thread any
    const std::string& local_address() const noexcept { return listener_.local_address(); }
    void close() noexcept;

private:
    ServerAdmin(transport::AsioExecutor& executor, const ServerOptions& options,
                transport::HttpServerOptions where, Sources sources);

    transport::HttpServerResponse response(const transport::HttpServerRequest& request);
    transport::HttpServerResponse readiness() const;
    transport::HttpServerResponse status(const transport::HttpServerRequest& request) const;
    transport::HttpServerResponse calls(std::string_view query);
    bool may_ask(const transport::HttpServerRequest& request) const;
    void watch_on();

    transport::AsioExecutor& executor_;
    Sources sources_;
    const std::string token_;  // empty: whoever reaches it may ask
    CallFeed feed_;
    std::optional<runtime::Executor::TimerId> unwatched_;  // once it is watched
    std::optional<metrics::HostLabels> arrpc_;
    transport::HttpServer listener_;
};

}  // namespace warren::endpoint
