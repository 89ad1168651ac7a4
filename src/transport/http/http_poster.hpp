#pragma once

#include "transport/http/http_connection.hpp"
#include "transport/net/dial_target.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace warren::transport {

class AsioExecutor;

struct HttpPosterOptions {
    DialTarget target{};
    std::string host{};  // of the header
    std::string path = "/";
    std::vector<std::pair<std::string, std::string>> headers{};  // of each request
    std::chrono::milliseconds timeout{10'000};                   // of each, connecting included
    std::size_t response_bytes_max = std::size_t{64} << 10;
};

/// Posts to one place over HTTP, on a connection that is kept for the next time.
/// thread the I/O thread, or any while nobody runs it
class HttpPoster {
public:
    using Done = HttpConnection::Done;

    /// in  executor: outlives it
    HttpPoster(AsioExecutor& executor, HttpPosterOptions options);
    /// Gives up what is under way.
    ~HttpPoster();
    HttpPoster(const HttpPoster&) = delete;
    HttpPoster& operator=(const HttpPoster&) = delete;

    /// in   not while one is under way
    ///      done: called once, not inside of this, with whatever the server answered
    /// err  connection_lost; deadline_exceeded
    void post(const std::string& body, Done done);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
