#include "store/rebuilding.hpp"

#include "store/queue_schema.hpp"
#include "store/unix_time.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace warren::store {
namespace {

constexpr std::size_t entry_columns = 3;
constexpr std::size_t damaged_columns = 4;
constexpr std::size_t failed_columns = 5;

}  // namespace

std::string Losses::text() const {
    std::string text = ", and none is missing";
    if (missing.count() != 0) {
        text = "; " + std::to_string(missing.count()) + " are missing: " + missing.text();
    }
    if (failed_altered.count() != 0) {
        text += "; of those that failed " + std::to_string(failed_altered.count()) +
                " are altered and set aside: " + failed_altered.text();
    }
    if (failed_missing != 0) {
        text += "; of those that failed " + std::to_string(failed_missing) + " are missing";
    }
    return text;
}

Rebuilding::Rebuilding(const std::string& path, QueueRecord record)
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
        schema_script(record_) + "CREATE TEMP TABLE altered (id INTEGER PRIMARY KEY, bytes BLOB);";
    note(database_.open(path));
    execute(script);
    insert_entry_ = database_.prepare("INSERT INTO entries VALUES (?1, ?2, ?3)");
    insert_failed_ = database_.prepare("INSERT OR IGNORE INTO failed VALUES (?1, ?2, ?3, ?4, ?5)");
    insert_altered_ = database_.prepare("INSERT OR IGNORE INTO altered VALUES (?1, ?2)");
    insert_damaged_ = database_.prepare("INSERT OR IGNORE INTO damaged VALUES (?1, ?2, ?3, ?4)");
    insert_removed_ = database_.prepare("INSERT INTO removed VALUES (?1)");
}

bool Rebuilding::wants(std::size_t columns) noexcept {
    return columns >= entry_columns && columns <= failed_columns;
}

void Rebuilding::add(const RawRow& row) {
    const bool is_waiting = row.id >= record_.first_id && row.id <= record_.last_id;
    if (row.columns.size() == entry_columns && is_waiting) {
        add_entry(row);
    } else if (row.columns.size() == failed_columns) {
        add_failed(row);
    } else if (row.columns.size() == damaged_columns && !is_waiting && row.id <= record_.last_id) {
        add_damaged(row);
    }
}

std::expected<Losses, std::string> Rebuilding::finish() {
    Losses losses;
    const std::int64_t now = unix_ms_now();
    finish_failed(losses, now);
    for (std::uint64_t i = 0; i < is_found_.size(); ++i) {
        if (!is_found_[i]) {
            losses.missing.add(record_.first_id + i);
            note_missing(record_.first_id + i, now);
        }
    }
    // What is gone before the first that waits is nobody's to take out any more.
    record_.first_id =
        ask("SELECT coalesce(min(id), " + std::to_string(record_.last_id + 1) + ") FROM entries");
    execute("DELETE FROM removed WHERE id < " + std::to_string(record_.first_id));
    record_.totals = totals();
    ++record_.commits;
    Statement keep = database_.prepare("UPDATE state SET record = ?1");
    const std::string record = encode(record_);
    keep.bind_text(1, record);
    note(keep.run());
    execute("COMMIT");
    return trouble_.empty() ? std::expected<Losses, std::string>{std::move(losses)}
                            : std::unexpected{trouble_};
}

void Rebuilding::note(int result) {
    if (result != SQLITE_OK && trouble_.empty()) {
        trouble_ = database_.error_text();
    }
}

void Rebuilding::add_entry(const RawRow& row) {
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

/// One that was altered is kept apart until it is known whether it is missed.
void Rebuilding::add_failed(const RawRow& row) {
    const std::int64_t* const failed_at = row.number(1);
    const std::string* const reason = row.bytes(2);
    const std::string* const bytes = row.bytes(3);
    const std::int64_t* const checksum = row.number(4);
    if (bytes == nullptr || row.id == 0 || row.id > record_.last_id) {
        return;
    }
    if (failed_at == nullptr || reason == nullptr || checksum == nullptr ||
        *checksum != checksum_of(record_.identity, row.id, *bytes)) {
        insert_altered_.bind(1, row.id);
        insert_altered_.bind_blob(2, *bytes);
        note(insert_altered_.run());
        return;
    }
    insert_failed_.bind(1, row.id);
    insert_failed_.bind(2, *failed_at);
    insert_failed_.bind_text(3, *reason);
    insert_failed_.bind_blob(4, *bytes);
    insert_failed_.bind(5, *checksum);
    note(insert_failed_.run());
}

void Rebuilding::add_damaged(const RawRow& row) {
    const std::int64_t* const found_at = row.number(1);
    const std::string* const what = row.bytes(2);
    const std::string* const bytes = row.bytes(3);
    if (found_at != nullptr && what != nullptr) {
        put_damaged(row.id, *found_at, *what, bytes);
    }
}

/// Those that fail leave from the oldest: of more than there were the last are meant. Of fewer,
/// altered ones make up the number.
void Rebuilding::finish_failed(Losses& losses, std::int64_t now) {
    const std::uint64_t wanted = record_.totals.failed_entries;
    execute("DELETE FROM failed WHERE id NOT IN (SELECT id FROM failed ORDER BY id DESC LIMIT " +
            std::to_string(wanted) +
            ");"
            // What failed waits no more.
            "DELETE FROM entries WHERE id IN (SELECT id FROM failed);"
            "DELETE FROM altered WHERE id IN (SELECT id FROM failed UNION SELECT id FROM entries "
            "UNION SELECT id FROM damaged)");
    losses.failed_missing = wanted - ask("SELECT count(*) FROM failed");
    execute("DELETE FROM altered WHERE id NOT IN (SELECT id FROM altered ORDER BY id DESC LIMIT " +
            std::to_string(losses.failed_missing) + "); INSERT INTO damaged SELECT id, " +
            std::to_string(now) + ", 'damaged', bytes FROM altered");
    losses.failed_missing -= ask("SELECT count(*) FROM altered");
    Statement altered = database_.prepare("SELECT id FROM altered ORDER BY id");
    while (altered.step() == SQLITE_ROW) {
        losses.failed_altered.add(altered.number(0));
    }
    note_out_of_turn();
}

/// Those that failed before their turn are not missing among those that wait.
void Rebuilding::note_out_of_turn() {
    const std::string range =
        std::to_string(record_.first_id) + " AND " + std::to_string(record_.last_id);
    execute(
        "INSERT INTO removed SELECT id FROM (SELECT id FROM failed UNION SELECT id FROM "
        "altered) WHERE id BETWEEN " +
        range);
    Statement removed = database_.prepare("SELECT id FROM removed");
    while (removed.step() == SQLITE_ROW) {
        is_found_[removed.number(0) - record_.first_id] = true;
    }
}

std::uint64_t Rebuilding::ask(const std::string& question) {
    Statement response = database_.prepare(question);
    note(response.step() == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR);
    return response.number(0);
}

void Rebuilding::note_missing(std::uint64_t id, std::int64_t now) {
    put_damaged(id, now, "missing", nullptr);
    insert_removed_.bind(1, id);
    note(insert_removed_.run());
}

void Rebuilding::put_damaged(std::uint64_t id, std::int64_t found_at, std::string_view what,
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

QueueTotals Rebuilding::totals() {
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

}  // namespace warren::store
