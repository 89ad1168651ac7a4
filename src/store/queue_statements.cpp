#include "store/queue_statements.hpp"

#include <string_view>

namespace warren::store {

bool QueueStatements::prepare_all() {
    const auto made = [this](Statement& statement, std::string_view text) {
        statement = database.prepare(text);
        return statement.is_made();
    };
    return made(begin, "BEGIN IMMEDIATE") && made(commit, "COMMIT") && made(rollback, "ROLLBACK") &&
           made(insert, "INSERT INTO entries VALUES (?1, ?2, ?3)") &&
           made(remove, "DELETE FROM entries WHERE id = ?1 RETURNING length(bytes)") &&
           made(copy_to_failed,
                "INSERT INTO failed SELECT id, ?2, ?3, bytes, checksum FROM entries WHERE id = ?1 "
                "RETURNING length(bytes)") &&
           made(discard_failed,
                "DELETE FROM failed WHERE id = (SELECT min(id) FROM failed) "
                "RETURNING length(bytes)") &&
           made(remove_failed, "DELETE FROM failed") &&
           made(remove_one_failed, "DELETE FROM failed WHERE id = ?1 RETURNING length(bytes)") &&
           made(set_aside,
                "INSERT OR REPLACE INTO damaged VALUES (?1, ?2, ?3, coalesce("
                "(SELECT bytes FROM entries WHERE id = ?1), (SELECT bytes FROM failed WHERE id = "
                "?1)))") &&
           made(note_removed, "INSERT OR IGNORE INTO removed VALUES (?1)") &&
           made(is_removed, "SELECT 1 FROM removed WHERE id = ?1") &&
           made(forget_removed, "DELETE FROM removed WHERE id = ?1") &&
           made(keep_record, "UPDATE state SET record = ?1") &&
           made(read, "SELECT id, bytes, checksum FROM entries WHERE id > ?1 ORDER BY id") &&
           made(read_failed,
                "SELECT id, failed_at_ms, reason, bytes, checksum FROM failed WHERE id > ?1 "
                "ORDER BY id") &&
           made(read_damaged,
                "SELECT id, found_at_ms, what, bytes FROM damaged WHERE id > ?1 ORDER BY id");
}

}  // namespace warren::store
