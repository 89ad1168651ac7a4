#pragma once

#include <warren/error.hpp>

#include "app/call_log/log_database.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// A request as it was told.
struct LoggedRequest {
    std::string correlation_id{};  // a UUID in lower case
    std::string virtual_host{};
    std::string queue{};
    std::string user{};
    std::string host{};
    std::string method{};
    std::string payload{};  // JSON
};

struct LoggedResponse {
    std::string correlation_id{};
    std::string code{};     // "ok", or that of its failure
    std::string payload{};  // JSON
    std::optional<std::string> traceback{};
};

/// A call as it is kept.
struct LoggedCall {
    LoggedRequest request{};
    std::int64_t came_ms = 0;  // unix
    std::optional<LoggedResponse> response{};
    std::int64_t answered_ms = 0;
};

/// Which calls are wanted; what is empty says nothing.
struct CallLogFilter {
    std::string method{};
    std::string host{};
    std::string code{};  // "ok", a failure's, or `unanswered`
    std::optional<std::int64_t> since_ms{};
    std::optional<std::int64_t> until_ms{};
    std::string text{};  // anywhere in a request, a response or a traceback
};

inline constexpr std::string_view unanswered_code = "unanswered";

/// What became of what was told.
enum class Logged : std::uint8_t {
    kept,
    known,     // it was there before
    conflict,  // another one was there before
    unknown,   // of a response: nobody told of its request
};

/// Calls in a database, for a time. It does not know how they come or who reads them.
/// thread one at a time
class CallLogStore {
public:
    /// Bring the database up to date.
    /// err  invalid_request: it cannot be used, or is of a later version
    static std::expected<CallLogStore, Failure> open(std::unique_ptr<LogDatabase> database);

    std::expected<Logged, Failure> add(const LoggedRequest& request, std::int64_t now_ms);
    std::expected<Logged, Failure> add(const LoggedResponse& response, std::int64_t now_ms);

    /// The latest first, without payloads.
    std::expected<std::vector<LoggedCall>, Failure> list(const CallLogFilter& filter,
                                                         std::size_t skipped,
                                                         std::size_t count_max);
    std::expected<std::optional<LoggedCall>, Failure> find(std::string_view correlation_id);

    /// Remove some of those that came before a time.
    /// out  whether there may be more
    std::expected<bool, Failure> remove_before(std::int64_t when_ms);

private:
    explicit CallLogStore(std::unique_ptr<LogDatabase> database) : database_{std::move(database)} {}
    std::expected<void, Failure> migrate();

    std::unique_ptr<LogDatabase> database_;
};

}  // namespace warren::app
