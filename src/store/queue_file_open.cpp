#include "store/file_size_signal.hpp"
#include "store/queue_file_state.hpp"
#include "store/queue_schema.hpp"
#include "store/raw_rows.hpp"
#include "store/salvage.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

namespace warren::store {
namespace {

constexpr std::string_view by_recovering =
    ": move it away to start with an empty one, and save what it has with sqlite3's .recover";

Failure refused(const std::string& path, std::string_view why) {
    return {.code = Code::invalid_request,
            .message = "The buffer " + path + ' ' + std::string{why}};
}

/// Whether a file begins as the database of a queue does.
///                                                  [SQLite: Database File Format, 1.3]
bool is_buffer(const std::string& path) {
    std::array<char, 72> begin{};
    std::ifstream{path, std::ios::binary}.read(begin.data(), begin.size());
    return std::string_view{begin.data(), 15} == "SQLite format 3" &&
           std::string_view{begin.data() + 68, 4} == "WQUE";
}

}  // namespace

/// What keeps the queue from being opened. Where the database makes no sense although it is ours
/// beyond doubt, that is damage.
Failure QueueFile::State::refusal() {
    const std::string text = sql.database.error_text();
    switch (sql.database.error()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return refused(
            options.path,
            "is in use, by another process or by another proxy: each needs a file of its own");
    case SQLITE_FULL:
        return refused(options.path, "cannot be made: the disk is full");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return refused(options.path, "may not be written (" + text +
                                         "): it and its directory must belong to this user, on a "
                                         "file system that may be written");
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
        return refused(options.path, "cannot be opened: " + text);
    default:
        break;
    }
    if (had_head_) {
        return damaged(text);
    }
    return sql.database.error() == SQLITE_NOTADB
               ? refused(options.path, "is no buffer of Warren's: name another file")
               : refused(options.path, "is damaged (" + text + ") and was left as it is" +
                                           std::string{by_recovering});
}

Failure QueueFile::State::damaged(std::string why) {
    damage_ = std::move(why);
    return refused(options.path, "is damaged (" + damage_ +
                                     "). When its proxy starts, it goes on with what can be read "
                                     "and tells what cannot");
}

/// Where nothing is to be made.
std::expected<void, Failure> QueueFile::State::find_buffer() const {
    std::error_code error;
    if (!std::filesystem::exists(options.path, error)) {
        return std::unexpected{
            Failure{.code = Code::invalid_request, .message = "There is no file " + options.path}};
    }
    if (!std::filesystem::is_regular_file(options.path, error)) {
        return std::unexpected{refused(options.path, "is no file: name one")};
    }
    if (access(options.path.c_str(), R_OK) != 0) {
        return std::unexpected{
            refused(options.path, std::string{"cannot be read: "} + std::strerror(errno))};
    }
    if (!had_head_ && !is_buffer(options.path)) {
        return std::unexpected{
            refused(options.path, "is no buffer of Warren's: name another file")};
    }
    return {};
}

/// Never opens a file that is there: closing it again would drop the locks that this process may
/// have on it [SQLite: How To Corrupt An SQLite Database File, 2.2].
std::expected<void, Failure> QueueFile::State::make_file() {
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
    if (sql.database.open(options.path) != SQLITE_OK ||
        sql.database.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON;") !=
            SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    sql.database.keep_log_on_close(true);
    if (sql.database.is_read_only()) {
        return std::unexpected{
            had_head_ && access(options.path.c_str(), W_OK) == 0
                ? damaged("its header is altered")
                : refused(options.path,
                          "may not be written: it and its directory must belong to "
                          "this user, on a file system that may be written")};
    }
    return {};
}

std::expected<std::uint64_t, Failure> QueueFile::State::ask(std::string_view text) {
    Statement statement = sql.database.prepare(text);
    if (statement.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    return statement.number(0);
}

std::expected<std::string, Failure> QueueFile::State::ask_text(std::string_view text) {
    Statement statement = sql.database.prepare(text);
    if (statement.step() != SQLITE_ROW) {
        return std::unexpected{refusal()};
    }
    return std::string{statement.text(0)};
}

std::expected<void, Failure> QueueFile::State::run(const std::string& script) {
    if (sql.database.execute(script.c_str()) != SQLITE_OK) {
        return std::unexpected{refusal()};
    }
    return {};
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
            had_head_
                ? damaged("its header is altered")
                : refused(options.path, "is the database of another program: name another file")};
    }
    if (auto taken = head.open(options.path); !taken) {
        return taken;
    }
    if (is_new) {
        const bool had_entries = head.found() && head.found()->totals.entries != 0;
        return had_entries ? std::unexpected{damaged("it is empty, or was deleted")}
                           : make_schema();
    }
    if (*version == 1 && !head.found()) {
        return options.must_be_whole
                   ? std::unexpected{refused(options.path,
                                             "was written by an earlier version of Warren: its "
                                             "proxy brings it up to date when it starts")}
                   : upgrade();
    }
    if (*version != schema_version) {
        return std::unexpected{
            head.found()
                ? damaged("its header is altered")
                : refused(options.path, "was written by another version of Warren (schema " +
                                            std::to_string(*version) +
                                            "): empty it with that one first")};
    }
    return run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
}

std::expected<void, Failure> QueueFile::State::make_schema() {
    const auto identity = ask_text("SELECT lower(hex(randomblob(16)))");
    if (!identity) {
        return std::unexpected{identity.error()};
    }
    const QueueRecord first{.identity = *identity};
    // The lock on the file becomes one that nobody else can have beside it. At the end all is in
    // the database itself, so that what is lost with the log is never what makes it a queue.
    auto made =
        run("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; "
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;" +
            schema_script(first) + "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);");
    if (made) {
        head.write(encode(first));
        head.sync();
    }
    return made;
}

std::expected<void, Failure> QueueFile::State::check_pages() {
    const auto said = ask_text("PRAGMA quick_check(1)");
    if (!said) {
        return std::unexpected{said.error()};
    }
    if (*said == "ok") {
        return {};
    }
    return std::unexpected{had_head_ ? damaged(*said)
                                     : refused(options.path, "is damaged (" + *said +
                                                                 ") and was left as it is" +
                                                                 std::string{by_recovering})};
}

std::expected<void, Failure> QueueFile::State::check_tables() {
    const auto said = ask_text(
        "SELECT char(10) || group_concat(sql, ';' || char(10)) || ';' || char(10) "
        "FROM (SELECT sql FROM sqlite_schema ORDER BY name)");
    if (!said) {
        return std::unexpected{said.error()};
    }
    return *said == table_definitions ? std::expected<void, Failure>{}
                                      : std::unexpected{damaged("its tables are altered")};
}

/// The record, which must not be older than the one beside it.
std::expected<void, Failure> QueueFile::State::load() {
    const auto text = ask_text("SELECT record FROM state");
    if (!text) {
        return std::unexpected{text.error()};
    }
    auto read = decode_record(*text);
    if (!read) {
        return std::unexpected{damaged("its record is altered")};
    }
    const auto& beside = head.found();
    if (beside && beside->identity == read->identity && beside->commits > read->commits) {
        return std::unexpected{damaged(
            std::to_string(beside->commits - read->commits) +
            " of its last commits are missing, as when its write-ahead log (-wal) is altered")};
    }
    record = committed = std::move(*read);
    const auto removed = ask("SELECT count(*) FROM removed");
    if (!removed) {
        return std::unexpected{removed.error()};
    }
    has_removed = *removed != 0;
    head.write(encode(record));
    return {};
}

std::expected<void, Failure> QueueFile::State::open_database() {
    auto opened = connect();
    if (opened) {
        opened = check_kind();
    }
    if (opened) {
        opened = check_pages();
    }
    if (opened) {
        opened = check_tables();
    }
    if (opened) {
        opened = load();
    }
    if (opened && !sql.prepare_all()) {
        opened = std::unexpected{refusal()};
    }
    if (opened) {
        sql.database.keep_log_on_close(false);
    }
    return opened;
}

std::expected<void, Failure> QueueFile::State::complete_salvage() {
    if (auto taken = head.open(options.path); !taken) {
        return taken;
    }
    const auto kept = finish_salvage(options.path);
    if (!kept) {
        return std::unexpected{kept.error()};
    }
    opening_note =
        "The buffer " + options.path + " was damaged; what was there is kept as " + *kept;
    return {};
}

/// Go on with what can be read.
std::expected<void, Failure> QueueFile::State::mend() {
    const std::string why = std::exchange(damage_, {});
    sql = {};
    if (auto taken = head.open(options.path); !taken) {
        return taken;
    }
    const auto salvaged = salvage(options.path, head.found());
    if (!salvaged) {
        return std::unexpected{salvaged.error()};
    }
    opening_note = "The buffer " + options.path + " was damaged (" + why + "): " + *salvaged;
    return open_database();
}

/// A file that may not grow further is full before that, not damaged by it.
std::expected<void, Failure> QueueFile::State::limit_size() {
    rlimit limit{};
    std::uint64_t pages =
        options.pages_max == 0 ? std::numeric_limits<std::uint32_t>::max() - 1 : options.pages_max;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        pages = std::min<std::uint64_t>(pages, limit.rlim_cur / page_bytes);
    }
    return run("PRAGMA max_page_count = " + std::to_string(std::max<std::uint64_t>(pages, 1)));
}

std::expected<void, Failure> QueueFile::State::open() {
    had_head_ = head.exists();
    auto opened = options.must_be_whole ? find_buffer() : std::expected<void, Failure>{};
    if (opened && !options.must_be_whole && is_salvage_unfinished(options.path)) {
        opened = complete_salvage();
    }
    if (opened && !options.must_be_whole) {
        opened = make_file();
    }
    if (opened) {
        opened = open_database();
    }
    if (!opened && !damage_.empty() && !options.must_be_whole) {
        opened = mend();
    }
    if (opened) {
        page_bytes = static_cast<off_t>(ask("PRAGMA page_size").value_or(store::page_bytes));
        opened = limit_size();
    }
    if (opened) {
        sql.database.count_log(log_pages);
        if (const auto unused = ask("PRAGMA freelist_count"); unused && *unused != 0) {
            shrink();
        }
        reserve.emplace(options.path + "-reserve", reserve_bytes).take();
        own_file = file_id(options.path);
        own_log = file_id(log_path);
    }
    return opened;
}

bool QueueFile::is_other_file(const std::string& path) {
    std::error_code error;
    return std::filesystem::file_size(path, error) != 0 && !error && !is_buffer(path) &&
           !QueueHead{head_path_of(path)}.exists() && !is_salvage_unfinished(path);
}

std::expected<QueueFile, Failure> QueueFile::open(QueueFileOptions options) {
    const FileSizeSignalBlocked blocked;
    auto state = std::make_unique<State>(std::move(options));
    if (auto opened = state->open(); !opened) {
        return std::unexpected{std::move(opened.error())};
    }
    return QueueFile{std::move(state)};
}

}  // namespace warren::store
