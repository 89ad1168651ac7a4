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
    /// err  an empty statement; see `error_text`
    Statement prepare(std::string_view text) noexcept;

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
