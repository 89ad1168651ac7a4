#include "store/queue_file_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace warren::store {
namespace {

constexpr std::uint64_t application_id = 0x57'51'55'45;  // "WQUE"
constexpr std::uint64_t schema_version = 1;

constexpr std::string_view table_definitions = R"(
CREATE TABLE entries (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE failed (id INTEGER PRIMARY KEY, failed_at_ms INTEGER NOT NULL, reason TEXT NOT NULL,
                     bytes BLOB NOT NULL);
CREATE TABLE state (identity TEXT NOT NULL, last_id INTEGER NOT NULL, entries INTEGER NOT NULL,
                    bytes INTEGER NOT NULL, failed_entries INTEGER NOT NULL,
                    failed_bytes INTEGER NOT NULL, failed_discarded INTEGER NOT NULL);
INSERT INTO state VALUES (lower(hex(randomblob(16))), 0, 0, 0, 0, 0, 0);
)";

std::string schema() {
    return "BEGIN IMMEDIATE;" + std::string{table_definitions} +
           "PRAGMA application_id = " + std::to_string(application_id) +
           "; PRAGMA user_version = " + std::to_string(schema_version) + "; COMMIT;";
}

Failure refused(const std::string& path, std::string_view why) {
    return {.code = Code::invalid_request,
            .message = "The buffer " + path + ' ' + std::string{why}};
}

}  // namespace

Failure QueueFile::State::refusal() const {
    switch (database.error()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return refused(
            options.path,
            "is in use, by another process or by another proxy: each needs a file of its own");
    case SQLITE_NOTADB:
        return refused(options.path, "is no buffer of Warren's: name another file");
    case SQLITE_CORRUPT:
        return refused(options.path,
                       "is damaged and was left as it is: move it away to start with an empty one, "
                       "and save what it has with sqlite3's .recover");
    case SQLITE_FULL:
        return refused(options.path, "cannot be made: the disk is full");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return refused(options.path, std::string{"may not be written ("} + database.error_text() +
                                         "): it and its directory must belong to this user");
    default:
        return refused(options.path, std::string{"cannot be opened: "} + database.error_text());
    }
}

/// Never opens a file that is there: closing it again would drop the locks that this process may
/// have on it [SQLite: How To Corrupt An SQLite Database File, 2.2].
std::expected<void, Failure> QueueFile::State::make_file() const {
    const int file = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return {};
    }
    const int error = errno;
    struct stat status{};
    if (error == EEXIST && stat(options.path.c_str(), &status) == 0) {
        return S_ISREG(status.st_mode)
                   ? std::expected<void, Failure>{}
                   : std::unexpected{refused(options.path, "is no file: name one")};
    }
    if (error == ENOENT || error == ENOTDIR) {
        const auto directory = std::filesystem::path{options.path}.parent_path().string();
        return std::unexpected{refused(
            options.path, "cannot be made: make the directory " +
                              (directory.empty() ? std::string{"that it is in"} : directory))};
    }
    return std::unexpected{
        refused(options.path, std::string{"cannot be made: "} + std::strerror(error))};
}

std::expected<void, Failure> QueueFile::State::connect() {
    if (database.open(options.path) != SQLITE_OK ||
        database.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON;") !=
            SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    if (database.is_read_only()) {
        return std::unexpected{refused(
            options.path, "may not be written: it and its directory must belong to this user")};
    }
    return {};
}

std::expected<std::uint64_t, Failure> QueueFile::State::ask(std::string_view text) {
    Statement statement = database.prepare(text);
    if (statement.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    return statement.number(0);
}

/// Whether it is a queue; one that is empty as yet becomes one.
std::expected<void, Failure> QueueFile::State::check_kind() {
    const auto tables = ask("SELECT count(*) FROM sqlite_schema");
    const auto application = tables ? ask("PRAGMA application_id") : tables;
    const auto version = application ? ask("PRAGMA user_version") : application;
    if (!version) {
        return std::unexpected{version.error()};
    }
    const bool is_new = *tables == 0 && *application == 0;
    if (!is_new && *application != application_id) {
        return std::unexpected{
            refused(options.path, "is the database of another program: name another file")};
    }
    if (!is_new && *version != schema_version) {
        return std::unexpected{refused(options.path,
                                       "was written by another version of Warren "
                                       "(schema " +
                                           std::to_string(*version) +
                                           "): empty it with that one first")};
    }
    if (is_new && database.execute("PRAGMA auto_vacuum = INCREMENTAL") != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    // Here the lock on the file becomes one that nobody else can have beside it.
    if (database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;") != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    return is_new ? make_schema() : check_pages();
}

std::expected<void, Failure> QueueFile::State::make_schema() {
    if (database.execute(schema().c_str()) != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    return {};
}

std::expected<void, Failure> QueueFile::State::check_pages() {
    Statement check = database.prepare("PRAGMA quick_check(1)");
    if (check.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    if (check.text(0) != "ok") {
        return std::unexpected{
            refused(options.path,
                    "is damaged (" + std::string{check.text(0)} +
                        ") and was left as it is: move it away to start with an empty one, and "
                        "save what it has with sqlite3's .recover")};
    }
    return {};
}

std::expected<void, Failure> QueueFile::State::load() {
    Statement state = database.prepare(
        "SELECT identity, last_id, entries, bytes, failed_entries, failed_bytes, failed_discarded "
        "FROM state");
    if (state.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    identity = state.text(0);
    last_id = committed_last_id = state.number(1);
    totals = committed_totals = {.entries = state.number(2),
                                 .bytes = state.number(3),
                                 .failed_entries = state.number(4),
                                 .failed_bytes = state.number(5),
                                 .failed_discarded = state.number(6)};
    return {};
}

bool QueueFile::State::prepare_all() {
    const auto made = [this](Statement& statement, std::string_view text) {
        statement = database.prepare(text);
        return statement.is_made();
    };
    return made(begin, "BEGIN IMMEDIATE") && made(commit, "COMMIT") && made(rollback, "ROLLBACK") &&
           made(insert, "INSERT INTO entries (id, bytes) VALUES (?1, ?2)") &&
           made(remove, "DELETE FROM entries WHERE id = ?1 RETURNING length(bytes)") &&
           made(copy_to_failed,
                "INSERT INTO failed (id, failed_at_ms, reason, bytes) "
                "SELECT id, ?2, ?3, bytes FROM entries WHERE id = ?1 RETURNING length(bytes)") &&
           made(discard_failed,
                "DELETE FROM failed WHERE id = (SELECT min(id) FROM failed) "
                "RETURNING length(bytes)") &&
           made(copy_from_failed,
                "INSERT INTO entries (id, bytes) "
                "SELECT ?1 + row_number() OVER (ORDER BY id), bytes FROM failed") &&
           made(remove_failed, "DELETE FROM failed") &&
           made(keep_totals,
                "UPDATE state SET last_id = ?1, entries = ?2, bytes = ?3, failed_entries = ?4, "
                "failed_bytes = ?5, failed_discarded = ?6") &&
           made(read, "SELECT id, bytes FROM entries WHERE id > ?1 ORDER BY id") &&
           made(read_failed,
                "SELECT id, failed_at_ms, reason, bytes FROM failed WHERE id > ?1 ORDER BY id");
}

std::expected<void, Failure> QueueFile::State::open() {
    auto opened = make_file();
    if (opened) {
        opened = connect();
    }
    if (opened) {
        opened = check_kind();
    }
    if (opened) {
        opened = load();
    }
    if (opened && !prepare_all()) {
        opened = std::unexpected{refusal()};
    }
    if (opened && options.pages_max != 0) {
        const std::string limit = "PRAGMA max_page_count = " + std::to_string(options.pages_max);
        opened = checked(database.execute(limit.c_str()));
    }
    if (opened) {
        database.count_log(log_pages);
        if (const auto unused = ask("PRAGMA freelist_count"); unused && *unused != 0) {
            shrink();
        }
        reserve.emplace(options.path + "-reserve", reserve_bytes).take();
    }
    return opened;
}

std::expected<QueueFile, Failure> QueueFile::open(QueueFileOptions options) {
    auto state = std::make_unique<State>();
    state->options = std::move(options);
    if (auto opened = state->open(); !opened) {
        return std::unexpected{std::move(opened.error())};
    }
    return QueueFile{std::move(state)};
}

}  // namespace warren::store
