#include "store/lock_statements.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace warren::store {

bool LockStatements::prepare_all(Database& database) {
    const std::array<std::pair<Statement*, std::string_view>, 13> statements{{
        {&held, "SELECT owner, expires_at_ms FROM warren_locks WHERE key = ?1"},
        {&waiting,
         "SELECT id, owner, expires_at_ms FROM warren_lock_waiters WHERE key = ?1 ORDER BY id"},
        {&place, "SELECT key FROM warren_lock_waiters WHERE id = ?1"},
        {&next, "UPDATE warren_lock_tokens SET last = last + 1 RETURNING last"},
        {&take,
         "INSERT OR REPLACE INTO warren_locks (key, token, owner, expires_at_ms) "
         "VALUES (?1, ?2, ?3, ?4)"},
        {&queue,
         "INSERT INTO warren_lock_waiters (key, owner, expires_at_ms) VALUES (?1, ?2, ?3) "
         "RETURNING id"},
        {&release, "DELETE FROM warren_locks WHERE key = ?1 AND token = ?2"},
        {&leave, "DELETE FROM warren_lock_waiters WHERE id = ?1"},
        {&renew,
         "UPDATE warren_locks SET expires_at_ms = ?2 WHERE token = ?1 AND owner = ?3 "
         "RETURNING token"},
        {&wait_on, "UPDATE warren_lock_waiters SET expires_at_ms = ?2 WHERE id = ?1"},
        {&is_held, "SELECT 1 FROM warren_locks WHERE key = ?1 AND token = ?2"},
        {&clean_held, "DELETE FROM warren_locks WHERE expires_at_ms < ?1 OR expires_at_ms > ?2"},
        {&clean_waiting,
         "DELETE FROM warren_lock_waiters WHERE expires_at_ms < ?1 OR expires_at_ms > ?2"},
    }};
    return std::ranges::all_of(statements, [&](const auto& statement) {
        *statement.first = database.prepare(statement.second);
        return statement.first->is_made();
    });
}

}  // namespace warren::store
