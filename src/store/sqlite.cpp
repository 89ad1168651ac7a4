#include "store/sqlite.hpp"

#include <cerrno>

namespace warren::store {

void Statement::bind(int parameter, std::uint64_t number) noexcept {
    bind(parameter, static_cast<std::int64_t>(number));
}

void Statement::bind(int parameter, std::int64_t number) noexcept {
    sqlite3_bind_int64(statement_.get(), parameter, number);
}

void Statement::bind_text(int parameter, std::string_view characters) noexcept {
    sqlite3_bind_text64(statement_.get(), parameter, characters.data(), characters.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_blob(int parameter, std::string_view bytes) noexcept {
    // A null pointer would be NULL and not an empty blob.
    sqlite3_bind_blob64(statement_.get(), parameter, bytes.empty() ? "" : bytes.data(),
                        bytes.size(), SQLITE_STATIC);
}

int Statement::run() noexcept {
    const int result = step();
    reset();
    return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

std::uint64_t Statement::number(int column) const noexcept {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view Statement::text(int column) const noexcept {
    return blob(column);
}

std::string_view Statement::blob(int column) const noexcept {
    const void* const bytes = sqlite3_column_blob(statement_.get(), column);
    const int count = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view{static_cast<const char*>(bytes), static_cast<std::size_t>(count)};
}

int Database::open(const std::string& path) {
    sqlite3* database = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &database,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    return result;
}

int Database::execute(const char* statements) noexcept {
    return sqlite3_exec(database_.get(), statements, nullptr, nullptr, nullptr);
}

void Database::keep_log_on_close(bool keep) noexcept {
    sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

int Database::error() const noexcept {
    const int code = sqlite3_errcode(database_.get()) & 0xFF;
    if (code != SQLITE_IOERR) {
        return code;
    }
    const int cause = sqlite3_system_errno(database_.get());
    return cause == EFBIG || cause == EDQUOT || cause == ENOSPC ? SQLITE_FULL : code;
}

int Database::checkpoint() noexcept {
    return sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                     nullptr);
}

void Database::count_log(int& log_pages) noexcept {
    const auto count = [](void* target, sqlite3*, const char*, int pages) {
        *static_cast<int*>(target) = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(database_.get(), count, &log_pages);
}

Statement Database::prepare(std::string_view text, std::string_view* rest) noexcept {
    sqlite3_stmt* statement = nullptr;
    const char* end = text.data() + text.size();
    sqlite3_prepare_v3(database_.get(), text.data(), static_cast<int>(text.size()),
                       SQLITE_PREPARE_PERSISTENT, &statement, &end);
    if (rest != nullptr) {
        *rest = text.substr(static_cast<std::size_t>(end - text.data()));
    }
    return Statement{statement};
}

}  // namespace warren::store
