#include "endpoint/server/server_admin.hpp"

#include "endpoint/server/admin_address.hpp"
#include "metrics/families.hpp"

#include <memory>
#include <utility>

namespace warren::endpoint {

std::expected<std::unique_ptr<ServerAdmin>, Failure> ServerAdmin::open(
    transport::AsioExecutor& executor, const ServerOptions& options, Sources sources) {
    auto where = options.admin_socket ? std::expected<transport::HttpServerOptions, Failure>{}
                                      : parse_admin_address(options.admin_address);
    const auto at_origin = [&options](Failure failure) {
        if (!options.admin_origin.empty()) {
            failure.message = options.admin_origin + ": " + failure.message;
        }
        return std::unexpected{std::move(failure)};
    };
    if (!where) {
        return at_origin(std::move(where.error()));
    }
    where->listening_socket = options.admin_socket;
    std::unique_ptr<ServerAdmin> admin{
        new ServerAdmin{executor, options, std::move(*where), std::move(sources)}};
    if (auto started = admin->listener_.start(); !started) {
        return at_origin(std::move(started.error()));
    }
    return admin;
}

ServerAdmin::ServerAdmin(transport::AsioExecutor& executor, const ServerOptions& options,
                         transport::HttpServerOptions where, Sources sources)
    : sources_{std::move(sources)},
      arrpc_{options.arrpc_metrics ? std::optional{metrics::host_labels()} : std::nullopt},
      listener_{executor, std::move(where), [this](const transport::HttpServerRequest& request) {
                    return response(request.path);
                }} {}

transport::HttpServerResponse ServerAdmin::response(std::string_view path) const {
    if (path == "/metrics") {
        return {.content_type = std::string{metrics::text_content_type},
                .body = metrics::server_text(sources_.series, sources_.figures(), arrpc_)};
    }
    if (path == "/healthz") {
        return {.body = "ok\n"};
    }
    if (path == "/readyz") {
        return readiness();
    }
    return {.status = 404, .body = "There are /metrics, /healthz and /readyz\n"};
}

transport::HttpServerResponse ServerAdmin::readiness() const {
    const std::vector<std::string> missing = sources_.not_ready();
    if (missing.empty()) {
        return {.body = "ok\n"};
    }
    transport::HttpServerResponse response{.status = 503};
    for (const std::string& line : missing) {
        response.body += line + '\n';
    }
    return response;
}

}  // namespace warren::endpoint
