#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::app {

/// A parameter of a statement; a text must stay until it has run.
using LogValue = std::variant<std::int64_t, std::string_view>;

/// What a statement gave: texts, and nullopt for NULL.
using LogRow = std::vector<std::optional<std::string>>;

struct LogRows {
    std::vector<LogRow> rows{};
    std::uint64_t changed = 0;
};

/// Where SQLite and PostgreSQL want other words for the same.
struct SqlWords {
    std::string_view identity;  // of a column whose numbers it makes
    std::string_view like;      // compares texts without regard to case
};

/// A database that runs statements. It must not know what they are about.
/// thread one at a time
class LogDatabase {
public:
    virtual ~LogDatabase() = default;
    virtual const SqlWords& words() const noexcept = 0;
    /// Run one statement.
    /// in   values: of $1, $2, ...
    /// err  what is wrong with the database
    virtual std::expected<LogRows, Failure> run(std::string_view statement,
                                                std::span<const LogValue> values = {}) = 0;
    /// Run several without parameters, all or none.
    virtual std::expected<void, Failure> change(const std::string& statements) = 0;
};

/// in   path: a file, which is made where there is none
/// err  invalid_request: it cannot be had, and what to do
std::expected<std::unique_ptr<LogDatabase>, Failure> open_sqlite_log(const std::string& path);

/// in   address: as libpq has it
/// err  invalid_request: there is no connection; shows no password
std::expected<std::unique_ptr<LogDatabase>, Failure> open_postgresql_log(std::string address);

}  // namespace warren::app
