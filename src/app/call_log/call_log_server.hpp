#pragma once

#include <warren/error.hpp>

#include "app/call_log/call_log_store.hpp"
#include "transport/http/http_server.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace warren::app {

/// What who reports has to say, and who reads.
struct CallLogSecrets {
    std::string api_token{};
    std::string password{};
};

/// A log of calls over HTTP: what is posted goes into a store, and pages show it. It has a thread
/// of its own, which alone has the store.
class CallLogServer {
public:
    struct Options {
        std::string host = "*";  // every address of this machine
        std::uint16_t port = 4194;
        std::size_t body_bytes_max = std::size_t{4} << 20;
        std::chrono::milliseconds keep{};
        CallLogSecrets secrets{};
        /// Told what goes wrong with the store, once until it goes well again.
        std::function<void(const std::string& line)> on_problem{};
    };

    CallLogServer(Options options, CallLogStore store);
    /// Answers what was asked.
    ~CallLogServer();
    CallLogServer(const CallLogServer&) = delete;
    CallLogServer& operator=(const CallLogServer&) = delete;

    /// err  invalid_request: the address cannot be had; says which and why
    std::expected<void, Failure> start();
    /// Such as "http://[::]:4194", once started.
    std::string url() const;
    /// From now on.                                                          thread any
    void renew(CallLogSecrets secrets);

private:
    using Request = transport::HttpServerRequest;
    using Response = transport::HttpServerResponse;

    CallLogSecrets secrets() const;
    bool may_read(const Request& request) const;
    Response page(const Request& request);
    Response list(std::string_view query);
    Response detail(std::string_view id);
    Response posted(const Request& request);
    template <typename Read>
    Response keep(std::string_view body, Read read);
    void trouble(const Failure& failure);
    void remove_old();

    const Options options_;
    CallLogStore store_;
    bool is_in_trouble_ = false;
    mutable std::mutex mutex_;  // of what follows
    CallLogSecrets secrets_;
    transport::AsioExecutor executor_;
    transport::HttpServer http_;
    std::thread thread_;
};

}  // namespace warren::app
