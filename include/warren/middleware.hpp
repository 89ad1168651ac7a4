#pragma once

#include <warren/context.hpp>
#include <warren/interceptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

// Interceptors for servers. See docs/guide/middleware.md.
namespace warren {

/// One line of JSON for each call: who called what, with which end, in which time.
/// in   log: null: the server's, as a line (info) that begins with "access "
std::shared_ptr<ServerInterceptor> access_log(std::shared_ptr<Log> log = {});

/// Who may call what.
struct AllowOptions {
    /// Who may call each method: identities (`Context::caller`), "*" for everybody who has one, and
    /// "" for those who have none. The method "*" stands for those that are not named here; without
    /// it nobody may call these.
    std::map<std::string, std::vector<std::string>> methods{};
    /// Deny nothing, and log who would be denied what (warning), each once.
    bool dry_run = false;

    bool operator==(const AllowOptions&) const = default;
};

/// Others are answered `permission_denied`.
std::shared_ptr<ServerInterceptor> allow(AllowOptions options);

/// So many calls in a time on the average, and so many at once.
struct RateLimit {
    std::uint32_t calls = 1;
    std::chrono::milliseconds per{1'000};
    std::uint32_t burst = 0;  // 0: as many as `calls`

    bool operator==(const RateLimit&) const = default;
};

/// How often and how much at once callers may call.
struct RateOptions {
    /// Of each caller, by method; "*" stands for all methods together that are not named here.
    /// Callers without an identity count as one.
    std::map<std::string, RateLimit> methods{};
    /// As many are told apart; further ones share a limit until one of these is quiet.
    std::size_t callers_max = 10'000;

    bool operator==(const RateOptions&) const = default;
};

/// One call more is answered `overloaded`, with the time after which there is room again.
/// err  throws Error (invalid_request): a limit of no calls or no time
std::shared_ptr<ServerInterceptor> rate(RateOptions options);

/// What is audited, and where it is written.
struct AuditOptions {
    std::string file{};                  // appended to, and made for its owner alone
    std::shared_ptr<Log> log{};          // instead: its lines (info), which `write` may wait with
    std::vector<std::string> methods{};  // empty: all
    /// Of lines that are not written yet: over it, calls are refused as `overloaded`.
    std::size_t waiting_bytes_max = std::size_t{16} << 20;

    bool operator==(const AuditOptions&) const = default;
};

/// One line of JSON for each call of some methods, written by a thread of its own; none is dropped
/// while the process lives. Its destruction waits until they are written, or cannot be.
/// err  throws Error (invalid_request): neither file nor log, or one that cannot be appended to
std::shared_ptr<ServerInterceptor> audit(AuditOptions options);

}  // namespace warren
