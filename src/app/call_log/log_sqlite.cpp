#include "app/call_log/log_database.hpp"
#include "store/sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>
#include <utility>

namespace warren::app {
namespace {

constexpr int busy_wait_ms = 2'000;
constexpr SqlWords sqlite_words{.identity = "INTEGER PRIMARY KEY AUTOINCREMENT", .like = "LIKE"};
// What an abrupt end of the machine may take is the last moments' records, and nothing else.
constexpr char sqlite_settings[] = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA trusted_schema = OFF;
PRAGMA journal_size_limit = 67108864;
)";

class SqliteLog final : public LogDatabase {
public:
    explicit SqliteLog(std::string path) : path_{std::move(path)} {}

    std::expected<void, Failure> open() {
        const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) {
            return std::unexpected{Failure{
                .code = Code::invalid_request,
                .message = fmt::format("The file '{}' cannot be opened or made: {}: its directory "
                                       "must be there, and belong to this user",
                                       path_, std::strerror(errno))}};
        }
        ::close(file);
        if (database_.open(path_) != SQLITE_OK || database_.execute(sqlite_settings) != SQLITE_OK) {
            return std::unexpected{failure()};
        }
        database_.wait_when_busy(busy_wait_ms);
        return {};
    }

    const SqlWords& words() const noexcept override { return sqlite_words; }

    std::expected<LogRows, Failure> run(std::string_view statement,
                                        std::span<const LogValue> values) override {
        auto found = statements_.find(statement);
        if (found == statements_.end()) {
            store::Statement made = database_.prepare(statement);
            if (!made.is_made()) {
                return std::unexpected{failure()};
            }
            found = statements_.emplace(statement, std::move(made)).first;
        }
        store::Statement& prepared = found->second;
        bind(prepared, values);
        LogRows given;
        int result = SQLITE_ROW;
        while ((result = prepared.step()) == SQLITE_ROW) {
            given.rows.push_back(row_of(prepared));
        }
        std::expected<LogRows, Failure> outcome{std::move(given)};
        if (result == SQLITE_DONE) {
            outcome->changed = database_.changes();
        } else {
            outcome = std::unexpected{failure()};
        }
        prepared.reset();
        return outcome;
    }

    std::expected<void, Failure> change(const std::string& statements) override {
        if (database_.execute("BEGIN IMMEDIATE") != SQLITE_OK) {
            return std::unexpected{failure()};
        }
        if (database_.execute(statements.c_str()) != SQLITE_OK ||
            database_.execute("COMMIT") != SQLITE_OK) {
            Failure why = failure();
            database_.execute("ROLLBACK");
            return std::unexpected{std::move(why)};
        }
        return {};
    }

private:
    /// A parameter may stand at several places.
    static void bind(store::Statement& statement, std::span<const LogValue> values) {
        for (int parameter = 1; parameter <= statement.parameters(); ++parameter) {
            const std::string_view name = statement.parameter_name(parameter);
            std::size_t number = 0;
            std::from_chars(name.data() + 1, name.data() + name.size(), number);
            const LogValue& value = values[number - 1];
            if (const auto* const text = std::get_if<std::string_view>(&value)) {
                statement.bind_text(parameter, *text);
            } else {
                statement.bind(parameter, std::get<std::int64_t>(value));
            }
        }
    }

    static LogRow row_of(const store::Statement& statement) {
        LogRow row;
        for (int column = 0; column < statement.columns(); ++column) {
            if (statement.type(column) == SQLITE_NULL) {
                row.emplace_back();
            } else if (statement.type(column) == SQLITE_INTEGER) {
                row.emplace_back(std::to_string(statement.signed_number(column)));
            } else {
                row.emplace_back(std::string{statement.text(column)});
            }
        }
        return row;
    }

    Failure failure() const {
        return {.code = Code::invalid_request,
                .message =
                    fmt::format("The file '{}' cannot be used: {}", path_, database_.error_text())};
    }

    const std::string path_;
    store::Database database_;
    std::map<std::string, store::Statement, std::less<>> statements_;
};

}  // namespace

std::expected<std::unique_ptr<LogDatabase>, Failure> open_sqlite_log(const std::string& path) {
    auto log = std::make_unique<SqliteLog>(path);
    if (auto opened = log->open(); !opened) {
        return std::unexpected{std::move(opened.error())};
    }
    return log;
}

}  // namespace warren::app
