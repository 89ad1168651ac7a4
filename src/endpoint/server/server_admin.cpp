#include "endpoint/server/server_admin.hpp"

#include "endpoint/server/admin_address.hpp"
#include "endpoint/server/server_status.hpp"
#include "metrics/families.hpp"
#include "transport/loop/asio_executor.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::chrono::seconds watch_time{15};

}  // namespace

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
    : executor_{executor},
      sources_{std::move(sources)},
      token_{options.admin_token},
      arrpc_{options.arrpc_metrics ? std::optional{metrics::host_labels()} : std::nullopt},
      listener_{executor, std::move(where),
                [this](const transport::HttpServerRequest& request) { return response(request); }} {
}

void ServerAdmin::close() noexcept {
    if (unwatched_) {
        executor_.cancel(*unwatched_);
    }
    sources_.watch(nullptr);
    listener_.close();
}

/// Health is for whoever balances the load.
bool ServerAdmin::may_ask(const transport::HttpServerRequest& request) const {
    if (token_.empty() || request.path == "/healthz" || request.path == "/readyz") {
        return true;
    }
    const std::string wanted = "Bearer " + token_;
    const std::string given = request.header("Authorization");
    return given.size() == wanted.size() &&
           CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

transport::HttpServerResponse ServerAdmin::response(const transport::HttpServerRequest& request) {
    const std::string_view path = request.path;
    if (!may_ask(request)) {
        return {.status = 401,
                .headers = {{"WWW-Authenticate", "Bearer"}},
                .body = "This wants the admin's token: Authorization: Bearer TOKEN\n"};
    }
    if (path == "/status" || path == "/status.json") {
        return status(request);
    }
    if (path == "/calls") {
        return calls(request.query);
    }
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
    return {.status = 404, .body = "There are /metrics, /healthz, /readyz, /status and /calls\n"};
}

transport::HttpServerResponse ServerAdmin::status(
    const transport::HttpServerRequest& request) const {
    const Dynamic status = sources_.status();
    if (request.path == "/status" && request.header("Accept").contains("text/html")) {
        return {.content_type = "text/html; charset=utf-8",
                .headers = {{"Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'"},
                            {"X-Content-Type-Options", "nosniff"}},
                .body = status_page(status)};
    }
    return {.content_type = "application/json", .body = status.to_json() + '\n'};
}

/// in   query: "after=NUMBER", as an answer has had it; else what follows is asked for
transport::HttpServerResponse ServerAdmin::calls(std::string_view query) {
    constexpr std::string_view after = "after=";
    std::uint64_t number = feed_.next();
    if (!query.empty()) {
        const char* const end = query.data() + query.size();
        query.remove_prefix(query.starts_with(after) ? after.size() : query.size());
        const auto [stopped, error] = std::from_chars(query.data(), end, number);
        if (error != std::errc{} || stopped != end) {
            return {.status = 400, .body = "Ask for /calls, and then for /calls?after=NEXT\n"};
        }
    }
    watch_on();
    const CallFeed::Lines lines = feed_.from(number);
    return {.content_type = "application/x-ndjson",
            .body = fmt::format("{{\"next\":{},\"missed\":{}}}\n{}", lines.next, lines.missed,
                                lines.text)};
}

/// Who asks is told for a while, and asks again meanwhile. Nobody else pays for it.
void ServerAdmin::watch_on() {
    if (unwatched_) {
        executor_.cancel(*unwatched_);
    }
    unwatched_ = executor_.post_at(executor_.now() + watch_time, [this] {
        unwatched_.reset();
        sources_.watch(nullptr);
    });
    sources_.watch(&feed_);
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
