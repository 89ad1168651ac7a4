#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// SQLite's C interface with owners, and nothing more: results stay its codes.
namespace warren::store {

/// A prepared statement, to be run any number of times.
/// thread one at a time, with all others of its database
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) noexcept : statement_{statement} {}

    bool is_made() const noexcept { return statement_ != nullptr; }

    // Parameters are numbered from 1; texts and blobs must stay until `reset`.
    void bind(int parameter, std::uint64_t number) noexcept;
    void bind(int parameter, std::int64_t number) noexcept;
    void bind_text(int parameter, std::string_view characters) noexcept;
    void bind_blob(int parameter, std::string_view bytes) noexcept;
    void bind_null(int parameter) noexcept { sqlite3_bind_null(statement_.get(), parameter); }
    void bind_real(int parameter, double number) noexcept {
        sqlite3_bind_double(statement_.get(), parameter, number);
    }
    /// How many it has.
    int parameters() const noexcept { return sqlite3_bind_parameter_count(statement_.get()); }
    /// Its name, such as "$1"; null: it has none.
    const char* parameter_name(int parameter) const noexcept {
        return sqlite3_bind_parameter_name(statement_.get(), parameter);
    }

    /// out  SQLITE_ROW, SQLITE_DONE or an error
    int step() noexcept { return sqlite3_step(statement_.get()); }
    void reset() noexcept { sqlite3_reset(statement_.get()); }
    /// `step` where no row is wanted, then `reset`.
    /// out  SQLITE_OK or an error
    int run() noexcept;

    // Columns are numbered from 0; views are valid until the next `step` or `reset`.
    std::uint64_t number(int column) const noexcept;
    std::int64_t signed_number(int column) const noexcept {
        return sqlite3_column_int64(statement_.get(), column);
    }
    std::string_view text(int column) const noexcept;
    std::string_view blob(int column) const noexcept;
    double real(int column) const noexcept {
        return sqlite3_column_double(statement_.get(), column);
    }
    /// SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL, as the row has it.
    int type(int column) const noexcept { return sqlite3_column_type(statement_.get(), column); }
    /// How many each row has; 0: it gives no rows.
    int columns() const noexcept { return sqlite3_column_count(statement_.get()); }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to a database file.
/// thread one at a time
class Database {
public:
    Database() = default;

    /// Open a file that exists.
    /// out  SQLITE_OK or an error
    int open(const std::string& path);
    /// Run statements without parameters, and forget their rows.
    int execute(const char* statements) noexcept;
    /// out  rest: what follows the first statement
    /// err  an empty statement; see `error_text`
    Statement prepare(std::string_view text, std::string_view* rest = nullptr) noexcept;
    /// Rows that the last statement changed.
    std::uint64_t changes() const noexcept {
        return static_cast<std::uint64_t>(sqlite3_changes64(database_.get()));
    }
    /// The row that was inserted last.
    std::int64_t last_id() const noexcept { return sqlite3_last_insert_rowid(database_.get()); }
    /// Ask before each statement is prepared; null: do not ask.    [SQLite: sqlite3_set_authorizer]
    using Authorizer = int (*)(void*, int, const char*, const char*, const char*, const char*);
    void authorize(Authorizer ask) noexcept {
        sqlite3_set_authorizer(database_.get(), ask, nullptr);
    }
    /// Wait so long for another process to be done.
    void wait_when_busy(int wait_ms) noexcept { sqlite3_busy_timeout(database_.get(), wait_ms); }

    /// Bring what the write-ahead log has into the database, as far as that goes.
    /// out  SQLITE_OK or an error
    int checkpoint() noexcept;
    /// Make no checkpoints, but say after each commit how many pages the write-ahead log has.
    /// in  log_pages: outlives this
    void count_log(int& log_pages) noexcept;

    /// Leave the write-ahead log as it is when this is closed, as evidence.
    void keep_log_on_close(bool keep) noexcept;

    bool is_read_only() const noexcept { return sqlite3_db_readonly(database_.get(), "main") == 1; }
    bool in_transaction() const noexcept { return sqlite3_get_autocommit(database_.get()) == 0; }
    /// Of the last call that failed. A file that may not become larger counts as a full disk.
    int error() const noexcept;
    const char* error_text() const noexcept { return sqlite3_errmsg(database_.get()); }

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
    };
    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace warren::store
