#pragma once

#include "app/try_guard.hpp"
#include "app/try_target.hpp"
#include "contract/document.hpp"
#include "docs/page.hpp"
#include "transport/http/http_server.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace warren::app {

/// "Try it" of the documentation's pages, over HTTP: GET gives a token for one call, POST makes the
/// call and answers with what came of it.
/// thread the I/O thread of the server, but for `publish`
class TryIt {
public:
    struct Options {
        TryTarget target{};
        docs::TryPage page{};
        std::vector<std::string> public_hosts{};    // as `TryGuard::Options::hosts`
        std::chrono::milliseconds timeout{30'000};  // of a call
        std::size_t calls_at_once_max = 4;
        std::size_t calls_per_minute_max = 60;
        std::function<TryGuard::Clock::time_point()> now = TryGuard::Clock::now;
    };
    static constexpr std::string_view path = "/try";
    static constexpr std::size_t body_bytes_max = std::size_t{256} << 10;

    explicit TryIt(Options options);

    /// Call the methods of this contract from now on.                              thread any
    void publish(std::shared_ptr<const contract::Document> document);

    transport::HttpServerResponse give_token(const transport::HttpServerRequest& request);
    void call(const transport::HttpServerRequest& request, transport::HttpResponder responder);

private:
    struct Asked {
        std::shared_ptr<const contract::Document> document;
        const contract::MethodDocument* method;  // of the document
        Dynamic request{};
    };
    struct Worker {
        std::atomic<bool> is_free = true;
        std::jthread thread{};
    };

    TryGuard::Guarded<Asked> read(const transport::HttpServerRequest& request);
    TryGuard::Guarded<void> count_call();
    std::string outcome_of(const Asked& asked, std::stop_token stop) const;

    const Options options_;
    TryGuard guard_;
    std::deque<TryGuard::Clock::time_point> calls_;  // of the last minute
    std::mutex mutex_;                               // of what follows
    std::shared_ptr<const contract::Document> document_;
    std::vector<Worker> workers_;
};

}  // namespace warren::app
