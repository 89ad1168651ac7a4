#include "app/call_log/call_log_server.hpp"

#include <warren/types.hpp>

#include "app/call_log/call_log_page.hpp"
#include "app/call_log/call_log_posts.hpp"
#include "app/call_log/call_log_query.hpp"
#include "core/base64.hpp"
#include "core/percent.hpp"
#include "endpoint/call_log/call_log_id.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <future>
#include <utility>

namespace warren::app {
namespace {

using transport::HttpServerResponse;

constexpr std::size_t calls_per_page = 20;
constexpr std::string_view pages_path = "/rpc-requests";
constexpr std::string_view requests_path = "/api/v1/rpc-requests";
constexpr std::string_view responses_path = "/api/v1/rpc-responses";
constexpr std::chrono::minutes removal_interval{10};
constexpr std::chrono::milliseconds removal_pause{50};

std::int64_t unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// How long it takes says nothing of where they differ, or of how long the secret is.
bool is_secret_same(std::string_view given, std::string_view secret) {
    using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;
    const auto digest_of = [](std::string_view text) {
        Digest digest{};
        EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
        return digest;
    };
    const Digest left = digest_of(given);
    const Digest right = digest_of(secret);
    return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

HttpServerResponse page_response(std::string body, unsigned status = 200) {
    return {.status = status,
            .content_type = "text/html; charset=utf-8",
            .headers = {{"Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                         "base-uri 'none'; frame-ancestors 'none'"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}},
            .body = std::move(body)};
}

/// in   detail: plain words of ours
HttpServerResponse detail_response(unsigned status, std::string_view detail) {
    return {.status = status,
            .content_type = "application/json",
            .body = fmt::format("{{\"detail\":\"{}\"}}\n", detail)};
}

}  // namespace

CallLogServer::CallLogServer(Options options, CallLogStore store)
    : options_{std::move(options)},
      store_{std::move(store)},
      secrets_{options_.secrets},
      http_{executor_,
            {.host = options_.host == "::" ? "*" : options_.host,
             .port = options_.port,
             .connections_max = 1024,
             .body_bytes_max = options_.body_bytes_max},
            [this](const Request& request) { return page(request); },
            [this](const Request& request, transport::HttpResponder responder) {
                responder.respond(posted(request));
            }} {}

CallLogServer::~CallLogServer() {
    if (thread_.joinable()) {
        std::promise<void> closed;
        executor_.post([&] {
            http_.close();
            closed.set_value();
        });
        closed.get_future().wait();
        executor_.stop();
        thread_.join();
    }
}

std::expected<void, Failure> CallLogServer::start() {
    if (auto started = http_.start(); !started) {
        return started;
    }
    executor_.post([this] { remove_old(); });
    thread_ = std::thread{[this] { executor_.run(); }};
    return {};
}

std::string CallLogServer::url() const {
    return "http://" + http_.local_address();
}

void CallLogServer::renew(CallLogSecrets secrets) {
    const std::lock_guard lock{mutex_};
    secrets_ = std::move(secrets);
}

CallLogSecrets CallLogServer::secrets() const {
    const std::lock_guard lock{mutex_};
    return secrets_;
}

/// Any user with the password.                                          [RFC 7617]
bool CallLogServer::may_read(const Request& request) const {
    constexpr std::string_view scheme = "Basic ";
    const std::string given = request.header("Authorization");
    if (!given.starts_with(scheme)) {
        return false;
    }
    const auto pair = core::base64_decode(std::string_view{given}.substr(scheme.size()));
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    return colon != std::string::npos &&
           is_secret_same(std::string_view{*pair}.substr(colon + 1), secrets().password);
}

CallLogServer::Response CallLogServer::page(const Request& request) {
    if (request.path == "/healthz") {
        return {.body = "ok\n"};
    }
    if (request.path == requests_path || request.path == responses_path) {
        return detail_response(405, "Post it");
    }
    if (!may_read(request)) {
        Response refused = page_response(
            call_log_problem_page("This wants the password; any user name does."), 401);
        refused.headers.emplace_back("WWW-Authenticate",
                                     "Basic realm=\"Warren's log of calls\", charset=\"UTF-8\"");
        return refused;
    }
    if (request.path == "/") {
        return {.status = 303, .headers = {{"Location", std::string{pages_path}}}};
    }
    if (request.path == pages_path || request.path == "/rpc-requests/") {
        return list(request.query);
    }
    if (request.path.starts_with("/rpc-requests/")) {
        return detail(request.path.substr(pages_path.size() + 1));
    }
    return page_response(call_log_problem_page("There is nothing at this address."), 404);
}

CallLogServer::Response CallLogServer::list(std::string_view query) {
    const auto wanted = read_call_log_query(query);
    if (!wanted) {
        return page_response(call_log_problem_page(wanted.error()), 400);
    }
    auto found =
        store_.list(wanted->filter, (wanted->page - 1) * calls_per_page, calls_per_page + 1);
    if (!found) {
        trouble(found.error());
        return page_response(call_log_problem_page("The store fails: the server's log says why."),
                             503);
    }
    const bool has_more = found->size() > calls_per_page;
    found->resize(std::min(found->size(), calls_per_page));
    return page_response(call_list_page(*wanted, *found, has_more));
}

/// A call is also found by a correlation id that is no UUID.
CallLogServer::Response CallLogServer::detail(std::string_view id) {
    const auto decoded = core::percent_decode(std::string{id});
    const std::string wanted = endpoint::call_log_id(decoded.value_or(std::string{id}));
    const auto found = store_.find(wanted);
    if (!found) {
        trouble(found.error());
        return page_response(call_log_problem_page("The store fails: the server's log says why."),
                             503);
    }
    return *found ? page_response(call_page(**found))
                  : page_response(call_log_problem_page("There is no such call, or no more."), 404);
}

template <typename Read>
CallLogServer::Response CallLogServer::keep(std::string_view body, Read read) {
    const auto told = read(body);
    if (!told) {
        return {.status = 422, .content_type = "application/json", .body = told.error()};
    }
    const auto outcome = store_.add(*told, unix_ms());
    if (!outcome) {
        trouble(outcome.error());
        return detail_response(503, "The store fails: the server's log says why");
    }
    is_in_trouble_ = false;
    switch (*outcome) {
    case Logged::kept:
        return detail_response(201, "Kept");
    case Logged::known:
        return detail_response(201, "Known already");
    case Logged::conflict:
        return detail_response(409, "Something else is known under this correlation id");
    case Logged::unknown:
        break;
    }
    return detail_response(400, "No request with this correlation id is known");
}

CallLogServer::Response CallLogServer::posted(const Request& request) {
    const bool is_request = request.path == requests_path;
    if (!is_request && request.path != responses_path) {
        return detail_response(404, "There are /api/v1/rpc-requests and /api/v1/rpc-responses");
    }
    if (!is_secret_same(request.header("X-API-Token"), secrets().api_token)) {
        return detail_response(401, "This wants the log server's token: X-API-Token");
    }
    return is_request ? keep(request.body, read_logged_request)
                      : keep(request.body, read_logged_response);
}

void CallLogServer::trouble(const Failure& failure) {
    if (!std::exchange(is_in_trouble_, true) && options_.on_problem) {
        options_.on_problem(failure.message);
    }
}

/// In small parts, so that whoever reports never waits for long.
void CallLogServer::remove_old() {
    const auto more = store_.remove_before(unix_ms() - options_.keep.count());
    if (!more) {
        trouble(more.error());
    }
    executor_.post_at(
        executor_.now() +
            (more && *more ? removal_pause : std::chrono::milliseconds{removal_interval}),
        [this] { remove_old(); });
}

}  // namespace warren::app
