#include "app/call_log/call_log_store.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace warren::app {
namespace {

constexpr std::int64_t removed_at_once = 500;
// A text is looked for in so many calls at the most, so that nobody has to wait for long who
// reports.
constexpr std::int64_t searched_max = 200'000;

// Each brings a database from the version of its number to the next one; {0} is a column of numbers
// that the database makes.
constexpr std::array<std::string_view, 1> migrations{R"(
CREATE TABLE warren_rpc_calls (
    id {0},
    correlation_id TEXT NOT NULL UNIQUE,
    came_ms BIGINT NOT NULL,
    virtual_host TEXT NOT NULL,
    queue TEXT NOT NULL,
    username TEXT NOT NULL,
    host TEXT NOT NULL,
    method TEXT NOT NULL,
    request TEXT NOT NULL,
    answered_ms BIGINT,
    code TEXT,
    response TEXT,
    traceback TEXT
);
CREATE INDEX warren_rpc_calls_came ON warren_rpc_calls (came_ms);
CREATE INDEX warren_rpc_calls_method ON warren_rpc_calls (method, id);
CREATE INDEX warren_rpc_calls_host ON warren_rpc_calls (host, id);
CREATE INDEX warren_rpc_calls_code ON warren_rpc_calls (code, id);
)"};

std::int64_t number_in(const std::optional<std::string>& text) {
    std::int64_t number = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), number);
    }
    return number;
}

std::string pattern_of(std::string_view text) {
    std::string pattern = "%";
    for (const char character : text) {
        pattern += character == '%' || character == '_' || character == '!' ? "!" : "";
        pattern += character;
    }
    return pattern + '%';
}

/// The conditions of a filter, and what they are held against.
class Conditions {
public:
    Conditions(const CallLogFilter& filter, const SqlWords& words)
        : pattern_{pattern_of(filter.text)} {
        add_same("method", filter.method);
        add_same("host", filter.host);
        if (filter.code == unanswered_code) {
            add("code IS NULL");
        } else {
            add_same("code", filter.code);
        }
        if (filter.since_ms) {
            add("came_ms >= " + parameter(*filter.since_ms));
        }
        std::string until;
        if (filter.until_ms) {
            until = "came_ms < " + parameter(*filter.until_ms);
            add(until);
        }
        if (!filter.text.empty()) {
            const std::string wanted =
                fmt::format("{} {} ESCAPE '!'", words.like, parameter(std::string_view{pattern_}));
            add(fmt::format("(correlation_id {0} OR request {0} OR response {0} OR traceback {0})",
                            wanted));
            add(fmt::format("id > (SELECT coalesce(max(id), 0) FROM warren_rpc_calls{}{}) - {}",
                            until.empty() ? "" : " WHERE ", until, searched_max));
        }
    }
    Conditions(const Conditions&) = delete;
    Conditions& operator=(const Conditions&) = delete;

    std::string parameter(LogValue value) {
        values_.push_back(value);
        return fmt::format("${}", values_.size());
    }
    const std::string& text() const noexcept { return text_; }
    std::span<const LogValue> values() const noexcept { return values_; }

private:
    void add(std::string_view condition) {
        text_.append(text_.empty() ? " WHERE " : " AND ").append(condition);
    }
    void add_same(std::string_view column, const std::string& wanted) {
        if (!wanted.empty()) {
            add(fmt::format("{} = {}", column, parameter(std::string_view{wanted})));
        }
    }

    const std::string pattern_;
    std::string text_;
    std::vector<LogValue> values_;
};

LoggedCall call_of(LogRow& row) {
    const auto text = [&row](std::size_t column) { return std::move(row[column]).value_or(""); };
    LoggedCall call{.request = {.correlation_id = text(0),
                                .virtual_host = text(2),
                                .queue = text(3),
                                .user = text(4),
                                .host = text(5),
                                .method = text(6)},
                    .came_ms = number_in(row[1]),
                    .answered_ms = number_in(row[7])};
    if (row[7]) {
        call.response =
            LoggedResponse{.correlation_id = call.request.correlation_id, .code = text(8)};
    }
    return call;
}

constexpr std::string_view listed_columns =
    "correlation_id, came_ms, virtual_host, queue, username, host, method, answered_ms, code";

}  // namespace

std::expected<CallLogStore, Failure> CallLogStore::open(std::unique_ptr<LogDatabase> database) {
    CallLogStore store{std::move(database)};
    if (auto migrated = store.migrate(); !migrated) {
        return std::unexpected{std::move(migrated.error())};
    }
    return store;
}

std::expected<void, Failure> CallLogStore::migrate() {
    if (auto made = database_->change(
            "CREATE TABLE IF NOT EXISTS warren_rpc_calls_version (version BIGINT NOT NULL)");
        !made) {
        return made;
    }
    const auto found = database_->run("SELECT max(version) FROM warren_rpc_calls_version");
    if (!found) {
        return std::unexpected{found.error()};
    }
    const auto version = static_cast<std::size_t>(number_in(found->rows.at(0).at(0)));
    if (version > migrations.size()) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = fmt::format("The log of calls is of version {}, and this program "
                                           "knows {}: use a later one, or another database",
                                           version, migrations.size())}};
    }
    for (std::size_t next = version; next < migrations.size(); ++next) {
        const std::string statements =
            fmt::format(fmt::runtime(migrations[next]), database_->words().identity) +
            fmt::format(
                "DELETE FROM warren_rpc_calls_version;"
                "INSERT INTO warren_rpc_calls_version VALUES ({})",
                next + 1);
        if (auto changed = database_->change(statements); !changed) {
            return changed;
        }
    }
    return {};
}

std::expected<Logged, Failure> CallLogStore::add(const LoggedRequest& request,
                                                 std::int64_t now_ms) {
    using View = std::string_view;
    const std::array<LogValue, 8> values{View{request.correlation_id}, now_ms,
                                         View{request.virtual_host},   View{request.queue},
                                         View{request.user},           View{request.host},
                                         View{request.method},         View{request.payload}};
    const auto added = database_->run(
        "INSERT INTO warren_rpc_calls (correlation_id, came_ms, virtual_host, queue, username, "
        "host, method, request) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
        "ON CONFLICT (correlation_id) DO NOTHING RETURNING id",
        values);
    if (!added) {
        return std::unexpected{added.error()};
    }
    if (!added->rows.empty()) {
        return Logged::kept;
    }
    const std::array<LogValue, 1> id{View{request.correlation_id}};
    const auto found = database_->run(
        "SELECT method, request FROM warren_rpc_calls WHERE correlation_id = $1", id);
    if (!found) {
        return std::unexpected{found.error()};
    }
    const bool is_same = !found->rows.empty() && found->rows[0][0] == request.method &&
                         found->rows[0][1] == request.payload;
    return is_same ? Logged::known : Logged::conflict;
}

std::expected<Logged, Failure> CallLogStore::add(const LoggedResponse& response,
                                                 std::int64_t now_ms) {
    using View = std::string_view;
    const std::string traceback = response.traceback.value_or("");
    const std::array<LogValue, 5> values{View{response.correlation_id}, now_ms, View{response.code},
                                         View{response.payload}, View{traceback}};
    const auto added = database_->run(
        "UPDATE warren_rpc_calls SET answered_ms = $2, code = $3, response = $4, "
        "traceback = nullif($5, '') WHERE correlation_id = $1 AND answered_ms IS NULL RETURNING id",
        values);
    if (!added) {
        return std::unexpected{added.error()};
    }
    if (!added->rows.empty()) {
        return Logged::kept;
    }
    const std::array<LogValue, 1> id{View{response.correlation_id}};
    const auto found =
        database_->run("SELECT response FROM warren_rpc_calls WHERE correlation_id = $1", id);
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (found->rows.empty()) {
        return Logged::unknown;
    }
    return found->rows[0][0] == response.payload ? Logged::known : Logged::conflict;
}

std::expected<std::vector<LoggedCall>, Failure> CallLogStore::list(const CallLogFilter& filter,
                                                                   std::size_t skipped,
                                                                   std::size_t count_max) {
    Conditions conditions{filter, database_->words()};
    const std::string count = conditions.parameter(static_cast<std::int64_t>(count_max));
    const std::string offset = conditions.parameter(static_cast<std::int64_t>(skipped));
    auto found = database_->run(
        fmt::format("SELECT {} FROM warren_rpc_calls{} ORDER BY id DESC LIMIT {} OFFSET {}",
                    listed_columns, conditions.text(), count, offset),
        conditions.values());
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    std::vector<LoggedCall> calls;
    for (LogRow& row : found->rows) {
        calls.push_back(call_of(row));
    }
    return calls;
}

std::expected<std::optional<LoggedCall>, Failure> CallLogStore::find(
    std::string_view correlation_id) {
    const std::array<LogValue, 1> id{correlation_id};
    auto found = database_->run(
        fmt::format("SELECT {}, request, response, traceback FROM warren_rpc_calls WHERE "
                    "correlation_id = $1",
                    listed_columns),
        id);
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    if (found->rows.empty()) {
        return std::nullopt;
    }
    LogRow& row = found->rows[0];
    LoggedCall call = call_of(row);
    call.request.payload = row[9].value_or("");
    if (call.response) {
        call.response->payload = row[10].value_or("");
        call.response->traceback = row[11];
    }
    return call;
}

std::expected<bool, Failure> CallLogStore::remove_before(std::int64_t when_ms) {
    const std::array<LogValue, 2> values{when_ms, removed_at_once};
    const auto removed = database_->run(
        "DELETE FROM warren_rpc_calls WHERE id IN (SELECT id FROM warren_rpc_calls WHERE "
        "came_ms < $1 ORDER BY came_ms LIMIT $2)",
        values);
    if (!removed) {
        return std::unexpected{removed.error()};
    }
    return removed->changed == static_cast<std::uint64_t>(removed_at_once);
}

}  // namespace warren::app
