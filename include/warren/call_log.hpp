#pragma once

#include <warren/context.hpp>
#include <warren/interceptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// Every request and response of a server, for a central log of calls. See docs/guide/call-log.md.
namespace warren {

/// Where a log server is, and how much may wait for it.
struct CallLogOptions {
    std::string base_url{};   // of the log server: "https://logs.example:4194/api/v1"
    std::string api_token{};  // goes with each request, as X-API-Token

    std::size_t queue_bytes_max = std::size_t{16} << 20;     // that wait; what is more is dropped
    std::size_t payload_bytes_max = std::size_t{256} << 10;  // of a request or a response, as JSON
    std::size_t connections = 4;                             // at once
    std::chrono::milliseconds timeout{5'000};                // of one request
    std::uint32_t retries_max = 5;                           // after the first attempt
    std::chrono::milliseconds pause_first{250};  // before a retry; each is twice as long
    std::chrono::milliseconds pause_max{5'000};
    std::chrono::milliseconds flush_timeout{5'000};  // of the end
    std::shared_ptr<Log> log{};                      // what goes wrong; null: nowhere

    bool operator==(const CallLogOptions&) const = default;
};

/// What became of requests and responses, each of which counts.
struct CallLogCounters {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  // there was no room for them
    std::uint64_t failed = 0;   // the log server did not take them
};

/// Sends what calls say to a log server, from a thread of its own: no call waits for it, or fails
/// because of it.
/// thread any
class CallLog {
public:
    class Implementation;  // Warren's own

    explicit CallLog(std::unique_ptr<Implementation> implementation);
    /// Sends what waits, once, for `flush_timeout` at most.
    ~CallLog();
    CallLog(const CallLog&) = delete;
    CallLog& operator=(const CallLog&) = delete;

    /// Send what waits, and wait until that is done.
    /// out  false: it took longer
    bool flush(std::chrono::milliseconds wait_max);
    /// What has become of them so far.
    CallLogCounters counters() const;
    /// For the library.
    Implementation& implementation() const noexcept { return *implementation_; }

private:
    const std::unique_ptr<Implementation> implementation_;
};

/// Begin to send to a log server, which need not be there yet.
/// err  throws Error (invalid_request): an address, a token or a limit that cannot be
std::shared_ptr<CallLog> make_call_log(CallLogOptions options);

/// Has every call of a server in a log. A server that has `ServerOptions::call_log` uses it by
/// itself, as the outermost.
std::shared_ptr<ServerInterceptor> server_call_log(std::shared_ptr<CallLog> log);

}  // namespace warren
