#include "store/salvage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "store/queue_schema.hpp"
#include "store/raw_rows.hpp"
#include "store/sqlite.hpp"

namespace warren::store {
namespace {

constexpr std::size_t record_columns = 1;
constexpr std::size_t entry_columns = 3;
constexpr std::size_t damaged_columns = 4;
constexpr std::size_t failed_columns = 5;

std::string unfinished(const std::string& path) {
    return path + "-salvage";
}
std::string finished(const std::string& path) {
    return path + "-salvaged";
}
std::string log_of(const std::string& path) {
    return path + "-wal";
}

bool sync_path(const std::string& path) noexcept {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        close(file);
    }
    return is_synced;
}

/// Rename what is there.
bool move_file(const std::string& from, const std::string& to) noexcept {
    return rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT;
}

/// A name that no file and no log has. Nobody takes it meanwhile: who has the queue is alone.
std::string name_to_keep(const std::string& path) {
    for (int number = 1;; ++number) {
        std::string name = path + "-damaged-" + std::to_string(number);
        if (access(name.c_str(), F_OK) != 0 && access(log_of(name).c_str(), F_OK) != 0) {
            return name;
        }
    }
}

/// The newest record that can be read.
std::optional<QueueRecord> newest_record(const RawRows& rows,
                                         const std::optional<QueueRecord>& head) {
    std::optional<QueueRecord> newest = head;
    rows.each([](std::size_t columns) { return columns == record_columns; },
              [&newest](const RawRow& row) {
                  const std::string* const text = row.bytes(0);
                  auto record = text != nullptr ? decode_record(*text) : std::nullopt;
                  if (record && (!newest || newest->commits < record->commits)) {
                      newest = std::move(record);
                  }
              });
    return newest;
}

/// A new database, filled with rows that were found.
class Rebuilding {
public:
    Rebuilding(const std::string& path, QueueRecord record)
        : record_{std::move(record)}, is_found_(range_size()) {
        unlink(path.c_str());
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file >= 0) {
            close(file);
        }
        const std::string script =
            "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; "
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            "BEGIN IMMEDIATE;" +
            schema_script(record_);
        note(database_.open(path));
        execute(script);
        insert_entry_ = database_.prepare("INSERT INTO entries VALUES (?1, ?2, ?3)");
        insert_failed_ =
            database_.prepare("INSERT OR IGNORE INTO failed VALUES (?1, ?2, ?3, ?4, ?5)");
        insert_damaged_ =
            database_.prepare("INSERT OR IGNORE INTO damaged VALUES (?1, ?2, ?3, ?4)");
        insert_removed_ = database_.prepare("INSERT INTO removed VALUES (?1)");
    }

    void add(const RawRow& row) {
        const bool is_waiting = row.id >= record_.first_id && row.id <= record_.last_id;
        if (row.columns.size() == entry_columns && is_waiting) {
            add_entry(row);
        } else if (row.columns.size() == failed_columns && !is_waiting) {
            add_failed(row);
        } else if (row.columns.size() == damaged_columns && !is_waiting &&
                   row.id <= record_.last_id) {
            add_damaged(row);
        }
    }

    /// out  the numbers of what is missing
    /// err  why it could not be written
    std::expected<IdRanges, std::string> finish() {
        IdRanges missing;
        const std::int64_t now = core::unix_ms_now();
        for (std::uint64_t i = 0; i < is_found_.size(); ++i) {
            if (!is_found_[i]) {
                missing.add(record_.first_id + i);
                note_missing(record_.first_id + i, now);
            }
        }
        // Those that failed fail in order and leave from the oldest: of more than there were the
        // last are meant.
        const std::string left = std::to_string(record_.totals.failed_entries);
        execute(
            "DELETE FROM failed WHERE id NOT IN (SELECT id FROM failed ORDER BY id DESC LIMIT " +
            left + ")");
        record_.totals = totals();
        ++record_.commits;
        Statement keep = database_.prepare("UPDATE state SET record = ?1");
        const std::string record = encode(record_);
        keep.bind_text(1, record);
        note(keep.run());
        execute("COMMIT");
        return trouble_.empty() ? std::expected<IdRanges, std::string>{missing}
                                : std::unexpected{trouble_};
    }

    std::uint64_t entries() const noexcept { return record_.totals.entries; }

private:
    std::uint64_t range_size() const noexcept { return record_.last_id + 1 - record_.first_id; }

    void note(int result) {
        if (result != SQLITE_OK && trouble_.empty()) {
            trouble_ = database_.error_text();
        }
    }
    void execute(const std::string& script) { note(database_.execute(script.c_str())); }

    void add_entry(const RawRow& row) {
        const std::string* const bytes = row.bytes(1);
        const std::int64_t* const checksum = row.number(2);
        const auto index = static_cast<std::size_t>(row.id - record_.first_id);
        if (bytes == nullptr || checksum == nullptr || is_found_[index] ||
            *checksum != checksum_of(record_.identity, row.id, *bytes)) {
            return;
        }
        is_found_[index] = true;
        insert_entry_.bind(1, row.id);
        insert_entry_.bind_blob(2, *bytes);
        insert_entry_.bind(3, *checksum);
        note(insert_entry_.run());
    }

    void add_failed(const RawRow& row) {
        const std::int64_t* const failed_at = row.number(1);
        const std::string* const reason = row.bytes(2);
        const std::string* const bytes = row.bytes(3);
        const std::int64_t* const checksum = row.number(4);
        if (failed_at == nullptr || reason == nullptr || bytes == nullptr || checksum == nullptr ||
            *checksum != checksum_of(record_.identity, row.id, *bytes)) {
            return;
        }
        insert_failed_.bind(1, row.id);
        insert_failed_.bind(2, *failed_at);
        insert_failed_.bind_text(3, *reason);
        insert_failed_.bind_blob(4, *bytes);
        insert_failed_.bind(5, *checksum);
        note(insert_failed_.run());
    }

    void add_damaged(const RawRow& row) {
        const std::int64_t* const found_at = row.number(1);
        const std::string* const what = row.bytes(2);
        const std::string* const bytes = row.bytes(3);
        if (found_at != nullptr && what != nullptr) {
            put_damaged(row.id, *found_at, *what, bytes);
        }
    }

    void note_missing(std::uint64_t id, std::int64_t now) {
        put_damaged(id, now, "missing", nullptr);
        insert_removed_.bind(1, id);
        note(insert_removed_.run());
    }

    void put_damaged(std::uint64_t id, std::int64_t found_at, std::string_view what,
                     const std::string* bytes) {
        insert_damaged_.bind(1, id);
        insert_damaged_.bind(2, found_at);
        insert_damaged_.bind_text(3, what);
        if (bytes != nullptr) {
            insert_damaged_.bind_blob(4, *bytes);
        } else {
            insert_damaged_.bind_null(4);
        }
        note(insert_damaged_.run());
    }

    QueueTotals totals() {
        Statement count = database_.prepare(
            "SELECT (SELECT count(*) FROM entries), (SELECT total(length(bytes)) FROM entries), "
            "(SELECT count(*) FROM failed), (SELECT total(length(bytes)) FROM failed), "
            "(SELECT count(*) FROM damaged)");
        note(count.step() == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR);
        return {.entries = count.number(0),
                .bytes = count.number(1),
                .failed_entries = count.number(2),
                .failed_bytes = count.number(3),
                .failed_discarded = record_.totals.failed_discarded,
                .damaged_entries = count.number(4)};
    }

    QueueRecord record_;
    std::vector<bool> is_found_;  // by number, from the first that waits
    std::string trouble_;         // the first
    Database database_;
    Statement insert_entry_;
    Statement insert_failed_;
    Statement insert_damaged_;
    Statement insert_removed_;
};

Failure not_salvaged(const std::string& path, std::string_view why) {
    return {
        .code = Code::internal,
        .message = "The buffer " + path + " is damaged and was left as it is: " + std::string{why}};
}

}  // namespace

void IdRanges::add(std::uint64_t id) {
    if (count_++ == 0 || id != last_ + 1) {
        close();
        first_ = id;
    }
    last_ = id;
}

void IdRanges::close() {
    if (first_ == 0 || text_.size() > text_bytes_max) {
        return;
    }
    text_ += (text_.empty() ? "" : ", ") + std::to_string(first_);
    if (last_ != first_) {
        text_ += '-' + std::to_string(last_);
    }
    if (text_.size() > text_bytes_max) {
        text_ += ", ...";
    }
}

std::string IdRanges::text() const {
    IdRanges copy = *this;
    copy.close();
    return copy.text_;
}

bool is_salvage_unfinished(const std::string& path) noexcept {
    return access(finished(path).c_str(), F_OK) == 0;
}

std::expected<std::string, Failure> finish_salvage(const std::string& path) {
    const std::string kept = name_to_keep(path);
    // The log first: the new database would take it for its own.
    if (!move_file(log_of(path), log_of(kept)) || !move_file(path, kept) ||
        rename(finished(path).c_str(), path.c_str()) != 0) {
        return std::unexpected{
            not_salvaged(path, "it cannot be kept as " + kept + ": " + std::strerror(errno))};
    }
    const std::string directory = std::filesystem::path{path}.parent_path().string();
    sync_path(directory.empty() ? "." : directory);
    return kept;
}

std::expected<std::string, Failure> salvage(const std::string& path,
                                            const std::optional<QueueRecord>& head) {
    std::expected<IdRanges, std::string> missing;
    std::uint64_t found = 0;
    {
        const RawRows rows{path, log_of(path)};
        const auto record = newest_record(rows, head);
        if (!record) {
            return std::unexpected{not_salvaged(
                path,
                "no record of what belongs to it can be read; move it away to start with an "
                "empty one, and save what it has with sqlite3's .recover")};
        }
        Rebuilding rebuilding{unfinished(path), *record};
        rows.each(
            [](std::size_t columns) {
                return columns >= entry_columns && columns <= failed_columns;
            },
            [&rebuilding](const RawRow& row) { rebuilding.add(row); });
        missing = rebuilding.finish();
        found = rebuilding.entries();
    }
    if (!missing) {
        unlink(unfinished(path).c_str());
        return std::unexpected{not_salvaged(
            path, "what can be read of it cannot be written beside it: " + missing.error())};
    }
    if (!sync_path(unfinished(path)) ||
        rename(unfinished(path).c_str(), finished(path).c_str()) != 0) {
        const std::string why = std::strerror(errno);
        unlink(unfinished(path).c_str());
        return std::unexpected{
            not_salvaged(path, "what can be read of it cannot be put beside it: " + why)};
    }
    const auto kept = finish_salvage(path);
    if (!kept) {
        return std::unexpected{kept.error()};
    }
    return std::to_string(found) + " calls that wait could be read" +
           (missing->count() == 0
                ? ", and none is missing"
                : "; " + std::to_string(missing->count()) + " are missing: " + missing->text()) +
           "; what was there is kept as " + *kept + " (and -wal)";
}

}  // namespace warren::store
