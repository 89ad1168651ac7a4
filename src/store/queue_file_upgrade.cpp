#include "store/queue_file_state.hpp"
#include "store/queue_schema.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace warren::store {

/// Schema 1 had no checksums: what it has is taken as it is. Numbers that are not there any more
/// were taken out.
std::expected<void, Failure> QueueFile::State::upgrade() {
    auto done = run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    if (done) {
        done = check_pages();
    }
    if (done) {
        done =
            run("BEGIN IMMEDIATE; ALTER TABLE entries RENAME TO old_entries; "
                "ALTER TABLE failed RENAME TO old_failed; ALTER TABLE state RENAME TO old_state;");
    }
    if (!done) {
        return done;
    }
    {
        Statement state = sql.database.prepare("SELECT * FROM old_state");
        if (state.step() != SQLITE_ROW) {
            return std::unexpected{refusal()};
        }
        record = {.identity = std::string{state.text(0)},
                  .first_id = state.number(1) + 1,
                  .last_id = state.number(1),
                  .totals = {.entries = state.number(2),
                             .bytes = state.number(3),
                             .failed_entries = state.number(4),
                             .failed_bytes = state.number(5),
                             .failed_discarded = state.number(6)}};
    }
    if (const auto first = ask("SELECT coalesce(min(id), " + std::to_string(record.first_id) +
                               ") FROM old_entries")) {
        record.first_id = *first;
    }
    done = run(schema_script(record));
    const auto copy = [&](std::string_view from, std::string_view to, int bytes_column) {
        Statement read = sql.database.prepare(from);
        Statement write = sql.database.prepare(to);
        int result = SQLITE_DONE;
        while (done && (result = read.step()) == SQLITE_ROW) {
            const std::uint64_t id = read.number(0);
            write.bind(1, id);
            write.bind_blob(2, read.blob(bytes_column));
            write.bind(3, checksum_of(record.identity, id, read.blob(bytes_column)));
            done = write.run() == SQLITE_OK ? done : std::unexpected{refusal()};
        }
        if (done && result != SQLITE_DONE) {
            done = std::unexpected{refusal()};
        }
    };
    copy("SELECT id, bytes FROM old_entries", "INSERT INTO entries VALUES (?1, ?2, ?3)", 1);
    copy("SELECT id, bytes FROM old_failed",
         "INSERT INTO failed SELECT id, failed_at_ms, reason, ?2, ?3 FROM old_failed WHERE id = ?1",
         1);
    const std::string last = std::to_string(record.last_id);
    return done ? run("WITH RECURSIVE ids(id) AS (SELECT " + std::to_string(record.first_id) +
                      " UNION ALL SELECT id + 1 FROM ids WHERE id < " + last +
                      ") INSERT INTO removed SELECT id FROM ids WHERE id <= " + last +
                      " AND id NOT IN (SELECT id FROM entries); DROP TABLE old_entries; "
                      "DROP TABLE old_failed; DROP TABLE old_state; COMMIT; "
                      "PRAGMA wal_checkpoint(TRUNCATE);")
                : done;
}

}  // namespace warren::store
