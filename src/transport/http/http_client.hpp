#pragma once

#include "transport/http/http_connection.hpp"
#include "transport/net/dial_target.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::transport {

class AsioExecutor;

struct HttpClientOptions {
    DialTarget target{};
    std::string unix_path{};  // of a Unix socket, which is connected to instead
    std::string host{};       // of the header
    std::vector<std::pair<std::string, std::string>> headers{};  // of each request
    std::chrono::milliseconds timeout{10'000};                   // of each, connecting included
    std::size_t response_bytes_max = std::size_t{64} << 10;
};

/// Asks one place over HTTP, on a connection that is kept for the next time.
/// thread the I/O thread, or any while nobody runs it
class HttpClient {
public:
    using Done = HttpConnection::Done;

    /// in  executor: outlives it
    HttpClient(AsioExecutor& executor, HttpClientOptions options);
    /// Gives up what is under way.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// in   not while one is under way
    ///      path: with what follows "?", as it goes
    ///      done: called once, not inside of this, with whatever the server answered
    /// err  connection_lost; deadline_exceeded
    void post(std::string_view path, const std::string& body, Done done);
    void get(std::string_view path, Done done);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
