#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

/// What a store's database in SQLite has.
namespace warren::store {

inline constexpr std::int64_t store_application_id = 0x57'53'54'4F;  // "WSTO"

/// What makes each version of the version before it; the first one of nothing.
///
/// warren_calls   calls by their keys: what was asked (`method`, `request`), how far each is
///                (`state`, a `RecordState`), how often it was begun and how often its process
///                ended before it did, who has it (`owner`; 0: nobody), and its response
/// warren_state   how many commits there were
/// warren_locks   locks that are held: by whom, under which fencing token, and until when by the
///                machine's steady clock, which begins anew with the machine as owners do
/// warren_lock_waiters  who waits for them, in order
/// warren_lock_tokens   the last fencing token
/// warren_dead    calls that were given up, with the reason
/// warren_later   calls that nobody sends again, when they are due, and who has taken them
///                (`owner`; 0: nobody)
inline constexpr std::array<std::string_view, 2> store_migrations{R"(
CREATE TABLE warren_calls (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, method TEXT NOT NULL,
                           request BLOB NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
                           crashes INTEGER NOT NULL, owner INTEGER NOT NULL,
                           changed_at_ms INTEGER NOT NULL, response BLOB NOT NULL,
                           checksum INTEGER NOT NULL);
CREATE TABLE warren_state (commits INTEGER NOT NULL);
INSERT INTO warren_state VALUES (0);
)",
                                                                  R"(
CREATE TABLE warren_locks (key BLOB PRIMARY KEY, token INTEGER NOT NULL, owner INTEGER NOT NULL,
                           expires_at_ms INTEGER NOT NULL);
CREATE INDEX warren_locks_by_token ON warren_locks (token);
CREATE TABLE warren_lock_waiters (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL,
                                  owner INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL);
CREATE INDEX warren_lock_waiters_by_key ON warren_lock_waiters (key, id);
CREATE TABLE warren_lock_tokens (last INTEGER NOT NULL);
INSERT INTO warren_lock_tokens VALUES (0);
ALTER TABLE warren_calls ADD COLUMN first_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE TABLE warren_dead (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL,
                          method TEXT NOT NULL, request BLOB NOT NULL, reason TEXT NOT NULL,
                          attempts INTEGER NOT NULL, first_at_ms INTEGER NOT NULL,
                          last_at_ms INTEGER NOT NULL, server TEXT NOT NULL,
                          checksum INTEGER NOT NULL);
CREATE TABLE warren_later (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, method TEXT NOT NULL,
                           request BLOB NOT NULL, due_at_ms INTEGER NOT NULL, owner INTEGER NOT NULL,
                           checksum INTEGER NOT NULL);
CREATE INDEX warren_later_due ON warren_later (due_at_ms);
)"};

inline constexpr std::int64_t store_version = std::ssize(store_migrations);

/// How far a recorded call is.
enum class RecordState : std::uint8_t { begun, begun_at_most_once, answered };

}  // namespace warren::store
