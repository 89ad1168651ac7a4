#include "store/postgres_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

// The calls that a PostgreSQL store has without anybody who waits for them.
namespace warren::store {
namespace {

// As `DeadCall::bytes` counts.
constexpr std::string_view dead_octets =
    "octet_length(key) + octet_length(method) + octet_length(request) + octet_length(reason) + "
    "octet_length(server)";
constexpr int dead_removed_at_once = 512;

}  // namespace

std::expected<void, Failure> PostgresSession::insert_dead(const DeadCall& call) {
    const std::array values{
        PostgresParameter::bytes(call.key),         PostgresParameter{call.method},
        PostgresParameter::bytes(call.request),     PostgresParameter{call.reason},
        PostgresParameter::number(call.attempts),   PostgresParameter::number(call.first_at_ms),
        PostgresParameter::number(call.last_at_ms), PostgresParameter{call.server},
        PostgresParameter::number(call.checksum())};
    const auto inserted = query(
        "INSERT INTO warren_dead (key, method, request, reason, attempts, first_at_ms, "
        "last_at_ms, server, checksum) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values);
    return inserted ? std::expected<void, Failure>{} : std::unexpected{inserted.error()};
}

std::expected<std::vector<DeadCall>, Failure> PostgresSession::dead_after(std::int64_t id,
                                                                          int count) {
    const std::array values{PostgresParameter::number(id), PostgresParameter::number(count)};
    const auto rows = query(
        "SELECT id, key, method, request, reason, attempts, first_at_ms, last_at_ms, server, "
        "checksum FROM warren_dead WHERE id > $1 ORDER BY id LIMIT $2",
        values);
    if (!rows) {
        return std::unexpected{rows.error()};
    }
    std::vector<DeadCall> found;
    for (int row = 0; row < rows->rows(); ++row) {
        DeadCall& call = found.emplace_back(
            DeadCall{.id = rows->number(row, 0),
                     .key = rows->bytes(row, 1),
                     .method = std::string{rows->text(row, 2)},
                     .request = rows->bytes(row, 3),
                     .reason = std::string{rows->text(row, 4)},
                     .attempts = static_cast<std::uint32_t>(rows->number(row, 5)),
                     .first_at_ms = rows->number(row, 6),
                     .last_at_ms = rows->number(row, 7),
                     .server = std::string{rows->text(row, 8)}});
        call.is_whole = call.checksum() == rows->number(row, 9);
    }
    return found;
}

std::expected<bool, Failure> PostgresSession::remove_dead(std::int64_t id) {
    const std::array values{PostgresParameter::number(id)};
    const auto removed = query("DELETE FROM warren_dead WHERE id = $1", values);
    return removed ? std::expected<bool, Failure>{removed->changed() != 0}
                   : std::unexpected{removed.error()};
}

/// Whoever else forgets at this moment has locked some, and does it.
std::expected<ForgottenDead, Failure> PostgresSession::forget_dead(const RecordLimits& limits,
                                                                   std::int64_t now_ms) {
    const auto total = query(
        "SELECT coalesce(sum(" + std::string{dead_octets} + "), 0)::bigint FROM warren_dead", {});
    if (!total) {
        return std::unexpected{total.error()};
    }
    const std::int64_t bytes = total->number(0, 0);
    const std::int64_t over =
        std::max<std::int64_t>(0, bytes - static_cast<std::int64_t>(limits.bytes_max));
    const std::array values{PostgresParameter::number(now_ms - limits.keep_ms),
                            PostgresParameter::number(over),
                            PostgresParameter::number(dead_removed_at_once)};
    // What is too old is over as well: it makes room for what comes behind it.
    const auto removed = query(
        "WITH oldest AS (SELECT id, last_at_ms, " + std::string{dead_octets} +
            " AS size FROM warren_dead ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED), chosen AS "
            "(SELECT id, last_at_ms, size, sum(size) OVER (ORDER BY id) - size AS before FROM "
            "oldest) DELETE FROM warren_dead d USING chosen WHERE d.id = chosen.id AND "
            "(chosen.last_at_ms <= $1 OR chosen.before < $2::bigint) RETURNING chosen.size, "
            "(chosen.last_at_ms <= $1)::int",
        values);
    if (!removed) {
        return std::unexpected{removed.error()};
    }
    ForgottenDead forgotten{.has_more = removed->rows() == dead_removed_at_once};
    std::int64_t left = bytes;
    for (int row = 0; row < removed->rows(); ++row) {
        left -= removed->number(row, 0);
        ++(removed->number(row, 1) != 0 ? forgotten.too_old : forgotten.too_much);
    }
    forgotten.bytes_left = static_cast<std::uint64_t>(std::max<std::int64_t>(0, left));
    return forgotten;
}

std::expected<bool, Failure> PostgresSession::forget_call(const std::string& key) {
    const auto found = find(key);
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (*found == nullptr) {
        return true;
    }
    const StoredCall& call = (*found)->call;
    if (call.owner != 0 && call.owner != number_ && lives(call.owner)) {
        return false;
    }
    uncommitted_bytes_ -= static_cast<std::int64_t>(call.bytes());
    const std::array values{PostgresParameter::number((*found)->id)};
    const auto removed = query("DELETE FROM warren_calls WHERE id = $1", values);
    return removed ? std::expected<bool, Failure>{true} : std::unexpected{removed.error()};
}

std::expected<void, Failure> PostgresSession::put_later(const LaterCall& call) {
    const std::array values{
        PostgresParameter::bytes(call.key), PostgresParameter::bytes(call.request),
        PostgresParameter::number(call.due_at_ms), PostgresParameter::number(call.checksum()),
        PostgresParameter{call.method}};
    const auto put = query(
        "INSERT INTO warren_later (key, method, request, due_at_ms, owner, checksum) "
        "VALUES ($1, $5, $2, $3, 0, $4) ON CONFLICT (key) DO UPDATE SET method = $5, "
        "request = $2, due_at_ms = $3, owner = 0, checksum = $4",
        values);
    return put ? std::expected<void, Failure>{} : std::unexpected{put.error()};
}

/// Whoever else takes some at this moment has locked them.
std::expected<std::vector<LaterCall>, Failure> PostgresSession::take_later(
    std::int64_t now_ms, int count, std::span<const std::string> methods) {
    const std::array values{PostgresParameter::number(now_ms), PostgresParameter::number(number_)};
    const auto rows = query(
        "SELECT id, key, request, due_at_ms, owner, checksum, method FROM warren_later "
        "WHERE due_at_ms <= $1 AND owner <> $2 ORDER BY due_at_ms LIMIT 1000 "
        "FOR UPDATE SKIP LOCKED",
        values);
    if (!rows) {
        return std::unexpected{rows.error()};
    }
    std::vector<LaterCall> taken;
    for (int row = 0; row < rows->rows() && std::ssize(taken) < count; ++row) {
        const std::int64_t owner = rows->number(row, 4);
        if (!std::ranges::binary_search(methods, rows->text(row, 6)) ||
            (owner != 0 && lives(owner))) {
            continue;
        }
        LaterCall& call = taken.emplace_back(LaterCall{.key = rows->bytes(row, 1),
                                                       .method = std::string{rows->text(row, 6)},
                                                       .request = rows->bytes(row, 2),
                                                       .due_at_ms = rows->number(row, 3)});
        call.is_whole = call.checksum() == rows->number(row, 5);
        const std::array own{PostgresParameter::number(rows->number(row, 0)),
                             PostgresParameter::number(number_)};
        if (const auto changed = query("UPDATE warren_later SET owner = $2 WHERE id = $1", own);
            !changed) {
            return std::unexpected{changed.error()};
        }
    }
    return taken;
}

std::expected<void, Failure> PostgresSession::remove_later(const std::string& key) {
    const std::array values{PostgresParameter::bytes(key)};
    const auto removed = query("DELETE FROM warren_later WHERE key = $1", values);
    return removed ? std::expected<void, Failure>{} : std::unexpected{removed.error()};
}

}  // namespace warren::store
