#include "store/sqlite_session.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

// How a store's file is found, made and brought up to date.
namespace warren::store {
namespace {

constexpr int busy_wait_ms = 2'000;

constexpr std::string_view store_pragmas = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA trusted_schema = OFF;
PRAGMA journal_size_limit = 67108864;
)";

Failure unusable(std::string message) {
    return {.code = Code::invalid_request, .message = std::move(message)};
}

}  // namespace

SqliteSession::SqliteSession(std::string path)
    : path_{std::move(path)}, name_{"The store " + path_} {}

std::expected<std::unique_ptr<SqliteSession>, Failure> SqliteSession::open(std::string path) {
    std::unique_ptr<SqliteSession> session{new SqliteSession{std::move(path)}};
    if (auto made = session->make_file(); !made) {
        return std::unexpected{std::move(made.error())};
    }
    if (auto taken = session->owner_.take(session->path_ + "-owners"); !taken) {
        return std::unexpected{std::move(taken.error())};
    }
    if (auto opened = session->open_file(); !opened) {
        return std::unexpected{std::move(opened.error())};
    }
    return session;
}

std::expected<void, Failure> SqliteSession::open_file() {
    place_ = file_id(path_);
    if (place_.inode == 0) {
        return std::unexpected{unusable(
            name_ + " is gone: put it back, or restart the server to begin with an empty one")};
    }
    if (database_.open(path_) != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    database_.wait_when_busy(busy_wait_ms);
    if (database_.is_read_only()) {
        return std::unexpected{unusable(name_ +
                                        " may not be written: it and its directory must belong to "
                                        "this user, on a file system that may be written")};
    }
    auto ready = check_kind();
    if (ready) {
        ready = check_whole();
    }
    if (ready) {
        ready = prepare();
    }
    if (ready) {
        ready = check_commits();
    }
    if (ready) {
        is_open_ = true;
        durability_ = Durability::machine;
    }
    return ready;
}

/// A file that is there is not opened, as SQLite's locks would go when it is closed again.
std::expected<void, Failure> SqliteSession::make_file() const {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return {};
    }
    const int error = errno;
    struct stat status{};
    if (error == EEXIST) {
        return stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode)
                   ? std::expected<void, Failure>{}
                   : std::unexpected{unusable(name_ + " is no file: name one")};
    }
    if (error == ENOENT || error == ENOTDIR) {
        return std::unexpected{unusable(name_ + " cannot be made: make the directory " +
                                        std::filesystem::path{path_}.parent_path().string())};
    }
    return std::unexpected{unusable(name_ + " cannot be made: " + std::strerror(error))};
}

/// What keeps the store from being opened.
Failure SqliteSession::refusal() const {
    const std::string text = database_.error_text();
    switch (database_.error()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return unusable(name_ + " is in use by something that does not share it");
    case SQLITE_FULL:
        return unusable(name_ + " cannot be made: the disk is full");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return unusable(name_ + " may not be written (" + text +
                        "): it and its directory must belong to this user, on a file system that "
                        "may be written");
    case SQLITE_NOTADB:
        return unusable(name_ + " is no store of Warren's: name another file");
    default:
        return unusable(name_ + " is damaged (" + text +
                        ") and was left as it is: move it away to begin with an empty one, and "
                        "save what it has with sqlite3's .recover");
    }
}

std::expected<std::int64_t, Failure> SqliteSession::pragma(std::string_view name) {
    Statement statement = database_.prepare("PRAGMA " + std::string{name});
    if (!statement.is_made() || statement.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    return statement.signed_number(0);
}

/// Several processes may begin with one file at once: whoever comes second waits here. One that is
/// as it should be takes no turn among those that write, who may leave none for as long as it
/// waits.
std::expected<void, Failure> SqliteSession::check_kind() {
    if (database_.execute(store_pragmas.data()) != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    if (pragma("application_id") == store_application_id &&
        pragma("user_version") == store_version) {
        return {};
    }
    if (database_.execute("BEGIN IMMEDIATE") != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    const auto kind = pragma("application_id");
    const auto version = kind ? pragma("user_version") : kind;
    if (!version) {
        return std::unexpected{version.error()};
    }
    if (*kind != store_application_id) {
        const auto changes = pragma("schema_version");
        if (*kind != 0 || *version != 0 || !changes || *changes != 0) {
            return std::unexpected{unusable(name_ + " is no store of Warren's: name another file")};
        }
    }
    if (*version > store_version) {
        return std::unexpected{
            unusable(name_ + " was made by a newer Warren (version " + std::to_string(*version) +
                     " of its tables, and this one knows " + std::to_string(store_version) +
                     "): use that one, or name another file")};
    }
    return migrate(*version);
}

/// Inside of the transaction, so that it is of one version or another.
std::expected<void, Failure> SqliteSession::migrate(std::int64_t version) {
    std::string script;
    for (std::int64_t at = version; at < store_version; ++at) {
        script += store_migrations[static_cast<std::size_t>(at)];
    }
    if (!script.empty()) {
        script += "PRAGMA application_id = " + std::to_string(store_application_id) +
                  "; PRAGMA user_version = " + std::to_string(store_version) + ";";
    }
    script += "COMMIT";
    return database_.execute(script.c_str()) == SQLITE_OK ? std::expected<void, Failure>{}
                                                          : std::unexpected{refusal()};
}

/// A record that is not found where it should be would be a call that is done twice.
std::expected<void, Failure> SqliteSession::check_whole() {
    Statement check = database_.prepare("PRAGMA integrity_check(1)");
    if (!check.is_made() || check.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    if (check.text(0) != "ok") {
        return std::unexpected{
            unusable(name_ + " is damaged (" + std::string{check.text(0)} +
                     ") and was left as it is: move it away to begin with an empty one, and save "
                     "what it has with sqlite3's .recover")};
    }
    return {};
}

/// What was on the disk is still there.
std::expected<void, Failure> SqliteSession::check_commits() {
    // In this order: others may commit meanwhile, and note it then.
    const std::uint64_t noted = owner_.noted_commits();
    if (commits_.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    const std::uint64_t there = commits_.number(0);
    commits_.reset();
    if (noted <= there) {
        return {};
    }
    return std::unexpected{unusable(
        name_ + " has lost its last " + std::to_string(noted - there) + " commits: " + path_ +
        "-wal was altered or removed. Put it back; or remove " + path_ +
        "-owners to go on without them, where calls that were done may be done again")};
}

std::expected<void, Failure> SqliteSession::prepare() {
    handlers_.emplace(database_, name_);
    const std::array<std::pair<Statement*, std::string_view>, 11> statements{{
        {&begin_, "BEGIN IMMEDIATE"},
        {&commit_, "COMMIT"},
        {&rollback_, "ROLLBACK"},
        {&find_,
         "SELECT id, method, request, state, attempt, crashes, owner, changed_at_ms, response, "
         "checksum, first_at_ms FROM warren_calls WHERE key = ?1"},
        {&insert_,
         "INSERT INTO warren_calls (key, method, request, state, attempt, crashes, owner, "
         "changed_at_ms, response, checksum, first_at_ms) VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, "
         "x'', ?7, ?6) ON CONFLICT (key) DO NOTHING"},
        {&answer_,
         "UPDATE warren_calls SET state = ?3, owner = 0, changed_at_ms = ?4, response = ?5, "
         "checksum = ?6 WHERE id = ?1 AND checksum = ?2"},
        {&update_,
         "UPDATE warren_calls SET state = ?2, attempt = ?3, crashes = ?4, owner = ?5, "
         "changed_at_ms = ?6, response = ?7, checksum = ?8 WHERE id = ?1"},
        {&remove_, "DELETE FROM warren_calls WHERE id = ?1"},
        {&count_commit_, "UPDATE warren_state SET commits = commits + 1 RETURNING commits"},
        {&commits_, "SELECT commits FROM warren_state"},
        {&oldest_,
         "SELECT id, length(key) * 2 + length(method) + length(request) + length(response) + 96, "
         "changed_at_ms FROM warren_calls WHERE state = 2 ORDER BY id LIMIT ?1"},
    }};
    for (const auto& [statement, text] : statements) {
        *statement = database_.prepare(text);
        if (!statement->is_made()) {
            return std::unexpected{refusal()};
        }
    }
    if (!locks_.prepare_all(database_)) {
        return std::unexpected{refusal()};
    }
    Statement sum = database_.prepare(
        "SELECT coalesce(sum(length(key) * 2 + length(method) + length(request) + "
        "length(response) + 96), 0) FROM warren_calls");
    if (!sum.is_made() || sum.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    bytes_ = sum.number(0);
    return {};
}

void SqliteSession::close_file() noexcept {
    is_open_ = false;
    handlers_.reset();
    locks_ = {};
    for (Statement* const statement : {&begin_, &commit_, &rollback_, &find_, &insert_, &answer_,
                                       &update_, &remove_, &oldest_, &count_commit_, &commits_}) {
        *statement = {};
    }
    database_ = {};
}

}  // namespace warren::store
