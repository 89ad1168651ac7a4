#pragma once

#include <warren/error.hpp>

#include "app/try_it.hpp"
#include "contract/document.hpp"
#include "docs/page.hpp"
#include "transport/http/http_server.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace warren::transport {
class AsioExecutor;
}

namespace warren::app {

/// The documentation of a contract over HTTP, with an I/O thread of its own.
class DocsServer {
public:
    struct Options {
        std::string host = "::";  // "::" and "*": every address of this machine
        std::uint16_t port = 9012;
        std::string title = docs::PageOptions{}.title;
        std::optional<TryIt::Options> try_it{};      // none: nothing can be called from the pages
        std::optional<contract::Document> before{};  // what changed since then is told
    };

    explicit DocsServer(Options options);
    ~DocsServer();
    DocsServer(const DocsServer&) = delete;
    DocsServer& operator=(const DocsServer&) = delete;

    /// Show this contract from now on.                                             thread any
    void publish(const contract::Document& document);
    /// Listen, after the first `publish`.
    /// err  invalid_request: the address cannot be had; says which and why
    std::expected<void, Failure> start();
    /// Such as "http://127.0.0.1:9012/", once started.
    std::string url() const;

private:
    struct Page {
        std::string_view content_type;
        std::string content;
        std::string etag;
    };
    using Pages = std::map<std::string, Page, std::less<>>;  // by path in the site

    std::shared_ptr<const Pages> pages() const;
    transport::HttpServer::PostHandler post_handler();
    transport::HttpServerResponse response(const transport::HttpServerRequest& request) const;

    const Options options_;
    mutable std::mutex mutex_;  // of what follows
    std::shared_ptr<const Pages> pages_;
    std::unique_ptr<transport::AsioExecutor> executor_;
    std::unique_ptr<TryIt> try_it_;  // null: there is none
    std::unique_ptr<transport::HttpServer> server_;
    std::thread thread_;
};

}  // namespace warren::app
