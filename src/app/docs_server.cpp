#include "app/docs_server.hpp"

#include "contract/diff.hpp"
#include "docs/digest.hpp"
#include "docs/site.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <future>
#include <utility>

namespace warren::app {
namespace {

using transport::HttpServerResponse;

/// Whether a header of a request names what there is.                      [RFC 9110 13.1.2]
bool is_known(std::string_view if_none_match, std::string_view etag) {
    return if_none_match == "*" || if_none_match.contains(etag);
}

/// A browser is to do with any of it what the pages need, and nothing else.
/// in  cache: unless it is told otherwise, it keeps it and asks each time whether it has changed
HttpServerResponse confined(HttpServerResponse response, std::string cache = "no-cache") {
    response.headers.insert(response.headers.end(),
                            {{"Content-Security-Policy", std::string{docs::served_policy}},
                             {"X-Content-Type-Options", "nosniff"},
                             {"Referrer-Policy", "no-referrer"},
                             {"Cache-Control", std::move(cache)}});
    return response;
}

/// Nobody keeps what came of a call.
HttpServerResponse confined_call(HttpServerResponse response) {
    return confined(std::move(response), "no-store");
}

/// The names of the addresses where it listens are its own, as the line `ready` has them.
std::unique_ptr<TryIt> make_try_it(const DocsServer::Options& options) {
    if (!options.try_it) {
        return nullptr;
    }
    TryIt::Options own = *options.try_it;
    if (options.host == "*" || options.host == "::" || options.host == "0.0.0.0") {
        own.public_hosts.insert(own.public_hosts.end(), {"::", "0.0.0.0"});
    } else {
        own.public_hosts.push_back(options.host);
    }
    return std::make_unique<TryIt>(std::move(own));
}

}  // namespace

DocsServer::DocsServer(Options options)
    : options_{std::move(options)},
      pages_{std::make_shared<const Pages>()},
      executor_{std::make_unique<transport::AsioExecutor>()},
      try_it_{make_try_it(options_)},
      server_{std::make_unique<transport::HttpServer>(
          *executor_,
          transport::HttpServerOptions{
              .host = options_.host == "::" ? "*" : options_.host,
              .port = options_.port,
              .connections_max = 256,
              .body_bytes_max = try_it_ ? TryIt::body_bytes_max : 0,
              .request_timeout = std::chrono::seconds{60}},  // large pages over slow lines
          [this](const transport::HttpServerRequest& request) { return response(request); },
          post_handler())} {}

DocsServer::~DocsServer() {
    if (thread_.joinable()) {
        std::promise<void> closed;
        executor_->post([&] {
            server_->close();
            closed.set_value();
        });
        closed.get_future().wait();
        executor_->stop();
        thread_.join();
    }
}

void DocsServer::publish(const contract::Document& document) {
    const contract::Diff changes =
        options_.before ? contract::diff(*options_.before, document) : contract::Diff{};
    docs::PageOptions page{.title = options_.title,
                           .assets = docs::PageAssets::linked,
                           .changes = options_.before ? &changes : nullptr};
    if (try_it_) {
        page.try_it = options_.try_it->page;
        try_it_->publish(std::make_shared<const contract::Document>(document));
    }
    auto pages = std::make_shared<Pages>();
    for (docs::SiteFile& file : docs::site(document, page)) {
        std::string etag = '"' + docs::short_digest(file.content) + '"';
        pages->emplace(std::move(file.path),
                       Page{file.content_type, std::move(file.content), std::move(etag)});
    }
    const std::lock_guard lock{mutex_};
    pages_ = std::move(pages);
}

std::expected<void, Failure> DocsServer::start() {
    if (auto started = server_->start(); !started) {
        return started;
    }
    thread_ = std::thread{[this] { executor_->run(); }};
    return {};
}

std::string DocsServer::url() const {
    return "http://" + server_->local_address() + "/";
}

std::shared_ptr<const DocsServer::Pages> DocsServer::pages() const {
    const std::lock_guard lock{mutex_};
    return pages_;
}

transport::HttpServer::PostHandler DocsServer::post_handler() {
    if (!try_it_) {
        return nullptr;
    }
    return [this](const transport::HttpServerRequest& request, transport::HttpResponder responder) {
        try_it_->call(request, transport::HttpResponder{[to = std::move(responder)](
                                                            HttpServerResponse response) mutable {
                          to.respond(confined_call(std::move(response)));
                      }});
    };
}

HttpServerResponse DocsServer::response(const transport::HttpServerRequest& request) const {
    if (try_it_ && request.path == TryIt::path) {
        return confined_call(try_it_->give_token(request));
    }
    const auto held = pages();
    const auto found = held->find(docs::site_path_of(request.path));
    if (found == held->end()) {
        return confined({.status = 404, .body = "There is nothing at this address\n"});
    }
    const Page& page = found->second;
    if (is_known(request.if_none_match, page.etag)) {
        return confined({.status = 304, .headers = {{"ETag", page.etag}}});
    }
    return confined({.content_type = std::string{page.content_type},
                     .headers = {{"ETag", page.etag}},
                     .body = page.content});
}

}  // namespace warren::app
