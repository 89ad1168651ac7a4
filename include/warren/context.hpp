#pragma once

#include <warren/version.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>

namespace warren {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Where log lines go. A line must not contain a newline or a secret. Of a server's or client's log
/// a thread of its own calls `write`, which may block: nothing else waits for it, lines over a
/// limit are dropped and counted, and those that say the same again and again are left out.
/// thread any
class Log {
public:
    virtual ~Log() = default;
    virtual void write(LogLevel level, std::string_view line) = 0;
    /// Whether a line (debug) about each call is wanted. Asked once, before the first.
    virtual bool shows_calls() const noexcept { return false; }

    void debug(std::string_view line) { write(LogLevel::debug, line); }
    void info(std::string_view line) { write(LogLevel::info, line); }
    void warning(std::string_view line) { write(LogLevel::warning, line); }
    void error(std::string_view line) { write(LogLevel::error, line); }
};

/// What a handler may know of the call it answers. Valid while the handler runs.
struct Context {
    using TimePoint = std::chrono::steady_clock::time_point;

    std::string_view method;
    std::string_view correlation_id;   // empty when the caller gave none
    std::string_view caller;           // the identity the transport vouches for; empty if none
    std::string_view idempotency_key;  // the caller's name for this request; empty if none
    std::string_view traceparent;      // the caller's trace [W3C Trace Context]; empty if none
    std::string_view tracestate;       // what its tracers add to it
    std::string_view baggage;          // what the caller hands down [W3C Baggage]
    std::string_view contract;         // the fingerprint of the caller's contract
    std::optional<std::uint8_t> priority{};
    std::uint32_t attempt = 1;            // 2 and more: an earlier attempt may have had an effect
    std::optional<TimePoint> deadline{};  // when the caller cancels
    /// Set at the deadline, when nobody waits for the answer any more as far as that is known, and
    /// when the server ends without draining.
    std::stop_token stop{};
    Log* log = nullptr;  // never null inside a handler
};

}  // namespace warren
