#include "store/sqlite_session.hpp"

#include <algorithm>
#include <utility>

// The calls that an SQLite store has without anybody who waits for them. They are rare: their
// statements are made when they are needed.
namespace warren::store {
namespace {

// As `DeadCall::bytes` counts.
constexpr std::string_view dead_bytes =
    "length(key) + length(CAST(method AS BLOB)) + length(request) + "
    "length(CAST(reason AS BLOB)) + length(CAST(server AS BLOB))";
constexpr std::int64_t dead_forgotten_at_once = 512;

}  // namespace

/// in   statement: with its values
/// out  how many rows it changed
std::expected<std::uint64_t, Failure> SqliteSession::change(Statement& statement) {
    if (!statement.is_made() || statement.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    return database_.changes();
}

std::expected<void, Failure> SqliteSession::insert_dead(const DeadCall& call) {
    Statement insert = database_.prepare(
        "INSERT INTO warren_dead (key, method, request, reason, attempts, first_at_ms, "
        "last_at_ms, server, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    insert.bind_blob(1, call.key);
    insert.bind_text(2, call.method);
    insert.bind_blob(3, call.request);
    insert.bind_text(4, call.reason);
    insert.bind(5, std::int64_t{call.attempts});
    insert.bind(6, call.first_at_ms);
    insert.bind(7, call.last_at_ms);
    insert.bind_text(8, call.server);
    insert.bind(9, call.checksum());
    const auto inserted = change(insert);
    return inserted ? std::expected<void, Failure>{} : std::unexpected{inserted.error()};
}

std::expected<std::vector<DeadCall>, Failure> SqliteSession::dead_after(std::int64_t id,
                                                                        int count) {
    Statement select = database_.prepare(
        "SELECT id, key, method, request, reason, attempts, first_at_ms, last_at_ms, server, "
        "checksum FROM warren_dead WHERE id > ?1 ORDER BY id LIMIT ?2");
    if (!select.is_made()) {
        return std::unexpected{failure()};
    }
    select.bind(1, id);
    select.bind(2, std::int64_t{count});
    std::vector<DeadCall> found;
    int result = select.step();
    for (; result == SQLITE_ROW; result = select.step()) {
        DeadCall& call =
            found.emplace_back(DeadCall{.id = select.signed_number(0),
                                        .key = std::string{select.blob(1)},
                                        .method = std::string{select.text(2)},
                                        .request = std::string{select.blob(3)},
                                        .reason = std::string{select.text(4)},
                                        .attempts = static_cast<std::uint32_t>(select.number(5)),
                                        .first_at_ms = select.signed_number(6),
                                        .last_at_ms = select.signed_number(7),
                                        .server = std::string{select.text(8)}});
        call.is_whole = call.checksum() == select.signed_number(9);
    }
    if (result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    return found;
}

std::expected<bool, Failure> SqliteSession::remove_dead(std::int64_t id) {
    Statement remove = database_.prepare("DELETE FROM warren_dead WHERE id = ?1");
    remove.bind(1, id);
    const auto removed = change(remove);
    return removed ? std::expected<bool, Failure>{*removed != 0} : std::unexpected{removed.error()};
}

std::expected<ForgottenDead, Failure> SqliteSession::forget_dead(const RecordLimits& limits,
                                                                 std::int64_t now_ms) {
    Statement total = database_.prepare("SELECT coalesce(sum(" + std::string{dead_bytes} +
                                        "), 0) FROM warren_dead");
    if (!total.is_made() || total.step() != SQLITE_ROW) {
        return std::unexpected{failure()};
    }
    ForgottenDead forgotten{.bytes_left = total.number(0)};
    total.reset();
    Statement oldest = database_.prepare("SELECT id, last_at_ms, " + std::string{dead_bytes} +
                                         " FROM warren_dead ORDER BY id LIMIT ?1");
    if (!oldest.is_made()) {
        return std::unexpected{failure()};
    }
    oldest.bind(1, dead_forgotten_at_once);
    std::vector<std::int64_t> ids;
    int result = oldest.step();
    for (; result == SQLITE_ROW; result = oldest.step()) {
        const bool is_too_old = oldest.signed_number(1) + limits.keep_ms <= now_ms;
        if (is_too_old || forgotten.bytes_left > limits.bytes_max) {
            forgotten.bytes_left -= std::min(forgotten.bytes_left, oldest.number(2));
            ++(is_too_old ? forgotten.too_old : forgotten.too_much);
            ids.push_back(oldest.signed_number(0));
        }
    }
    if (result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    for (const std::int64_t id : ids) {
        if (const auto removed = remove_dead(id); !removed) {
            return std::unexpected{removed.error()};
        }
    }
    forgotten.has_more = std::ssize(ids) == dead_forgotten_at_once;
    return forgotten;
}

std::expected<void, Failure> SqliteSession::put_later(const LaterCall& call) {
    Statement put = database_.prepare(
        "INSERT INTO warren_later (key, method, request, due_at_ms, owner, checksum) "
        "VALUES (?1, ?5, ?2, ?3, 0, ?4) ON CONFLICT (key) DO UPDATE SET method = ?5, "
        "request = ?2, due_at_ms = ?3, owner = 0, checksum = ?4");
    put.bind_blob(1, call.key);
    put.bind_blob(2, call.request);
    put.bind(3, call.due_at_ms);
    put.bind(4, call.checksum());
    put.bind_text(5, call.method);
    const auto done = change(put);
    return done ? std::expected<void, Failure>{} : std::unexpected{done.error()};
}

std::expected<std::vector<LaterCall>, Failure> SqliteSession::take_later(
    std::int64_t now_ms, int count, std::span<const std::string> methods) {
    Statement select = database_.prepare(
        "SELECT id, key, request, due_at_ms, owner, checksum, method FROM warren_later "
        "WHERE due_at_ms <= ?1 AND owner <> ?2 ORDER BY due_at_ms");
    if (!select.is_made()) {
        return std::unexpected{failure()};
    }
    select.bind(1, now_ms);
    select.bind(2, owner_.number());
    std::vector<LaterCall> taken;
    std::vector<std::int64_t> ids;
    int result = SQLITE_DONE;
    while (std::ssize(taken) < count && (result = select.step()) == SQLITE_ROW) {
        const std::int64_t owner = select.signed_number(4);
        if ((owner != 0 && owner_.lives(owner)) ||
            !std::ranges::binary_search(methods, select.text(6))) {
            continue;
        }
        ids.push_back(select.signed_number(0));
        LaterCall& call = taken.emplace_back(LaterCall{.key = std::string{select.blob(1)},
                                                       .method = std::string{select.text(6)},
                                                       .request = std::string{select.blob(2)},
                                                       .due_at_ms = select.signed_number(3)});
        call.is_whole = call.checksum() == select.signed_number(5);
    }
    if (result != SQLITE_DONE && result != SQLITE_ROW) {
        return std::unexpected{failure()};
    }
    for (const std::int64_t id : ids) {
        Statement take = database_.prepare("UPDATE warren_later SET owner = ?2 WHERE id = ?1");
        take.bind(1, id);
        take.bind(2, owner_.number());
        if (const auto changed = change(take); !changed) {
            return std::unexpected{changed.error()};
        }
    }
    return taken;
}

std::expected<void, Failure> SqliteSession::remove_later(const std::string& key) {
    Statement remove = database_.prepare("DELETE FROM warren_later WHERE key = ?1");
    remove.bind_blob(1, key);
    const auto done = change(remove);
    return done ? std::expected<void, Failure>{} : std::unexpected{done.error()};
}

}  // namespace warren::store
