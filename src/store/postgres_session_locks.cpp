#include "store/postgres_session.hpp"

#include <array>
#include <utility>

// Locks among machines. Every time is the database's, so that machines' clocks do not matter, and a
// token is taken by whoever has the lock's row already, so that tokens rise in the order in which
// the lock is had.
namespace warren::store {
namespace {

constexpr std::string_view ask_statement =
    "WITH mine AS (SELECT id FROM warren_lock_waiters WHERE id = $2), "
    "first AS (SELECT min(id) AS id FROM warren_lock_waiters WHERE key = $1 AND (id = $2 OR "
    "expires_at > clock_timestamp())), "
    "taken AS (INSERT INTO warren_locks AS l (key, token, owner, expires_at) SELECT $1::bytea, 0, "
    "$3::bigint, clock_timestamp() + '1 minute' FROM first WHERE id IS NULL OR id = $2 "
    "ON CONFLICT (key) DO UPDATE SET token = 0, owner = excluded.owner, "
    "expires_at = excluded.expires_at WHERE l.expires_at <= clock_timestamp() RETURNING key), "
    "queued AS (INSERT INTO warren_lock_waiters (key, owner, expires_at) SELECT $1::bytea, "
    "$3::bigint, clock_timestamp() + $4 * interval '1 ms' WHERE NOT EXISTS (SELECT FROM taken) AND "
    "NOT EXISTS (SELECT FROM mine) RETURNING id), "
    "noticed AS (UPDATE warren_lock_waiters SET expires_at = clock_timestamp() + $4 * interval "
    "'1 ms' WHERE id = $2 AND NOT EXISTS (SELECT FROM taken)), "
    "left_behind AS (DELETE FROM warren_lock_waiters WHERE id = $2 AND EXISTS (SELECT FROM taken)) "
    "SELECT EXISTS (SELECT FROM taken), coalesce((SELECT id FROM queued), (SELECT id FROM mine))";

constexpr std::string_view take_statement =
    "UPDATE warren_locks SET token = nextval('warren_lock_tokens'), expires_at = "
    "clock_timestamp() + $2 * interval '1 ms' WHERE key = $1 RETURNING token";

constexpr std::string_view renew_statement =
    "UPDATE warren_locks l SET expires_at = clock_timestamp() + $2 * interval '1 ms' FROM (SELECT "
    "key FROM warren_locks WHERE token = ANY($1::bigint[]) AND expires_at > clock_timestamp() "
    "ORDER BY key FOR UPDATE) held WHERE l.key = held.key RETURNING l.token";

/// What nobody has come back for, whoever else removes it. A while after its time: who was away for
/// a moment has its place again.
constexpr std::array<std::string_view, 2> clean_statements{
    "DELETE FROM warren_locks WHERE key IN (SELECT key FROM warren_locks WHERE expires_at < "
    "clock_timestamp() - interval '1 minute' LIMIT 512 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM warren_lock_waiters WHERE id IN (SELECT id FROM warren_lock_waiters WHERE "
    "expires_at < clock_timestamp() - interval '1 minute' LIMIT 512 FOR UPDATE SKIP LOCKED)"};

constexpr std::string_view turns_statement =
    "SELECT asked.id FROM unnest($1::bigint[]) AS asked (id) LEFT JOIN warren_lock_waiters w ON "
    "w.id = asked.id WHERE w.id IS NULL OR (NOT EXISTS (SELECT FROM warren_lock_waiters b WHERE "
    "b.key = w.key AND b.id < w.id AND b.expires_at > clock_timestamp()) AND NOT EXISTS (SELECT "
    "FROM warren_locks l WHERE l.key = w.key AND l.expires_at > clock_timestamp()))";

template <typename Number>
PostgresParameter array_of(std::span<const Number> numbers) {
    std::string text = "{";
    for (const Number number : numbers) {
        text += (text.size() == 1 ? "" : ",") + std::to_string(number);
    }
    return {text + "}"};
}

template <typename Number>
std::vector<Number> first_column(const PostgresResult& rows) {
    std::vector<Number> numbers;
    numbers.reserve(static_cast<std::size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
        numbers.push_back(static_cast<Number>(rows.number(row, 0)));
    }
    return numbers;
}

PostgresParameter signed_of(std::uint64_t token) {
    return PostgresParameter::number(static_cast<std::int64_t>(token));
}

}  // namespace

std::expected<LockAnswer, Failure> PostgresSession::ask_lock(const std::string& name,
                                                             std::int64_t place,
                                                             const LockTerms& terms) {
    const std::array values{PostgresParameter::bytes(name), PostgresParameter::number(place),
                            PostgresParameter::number(number_),
                            PostgresParameter::number(terms.notice.count())};
    const auto asked = query(ask_statement, values);
    if (!asked) {
        return std::unexpected{asked.error()};
    }
    if (asked->text(0, 0) != "t") {
        return LockAnswer{.place = asked->number(0, 1)};
    }
    const std::array lease{PostgresParameter::bytes(name),
                           PostgresParameter::number(terms.lease.count())};
    const auto taken = query(take_statement, lease);
    if (!taken) {
        return std::unexpected{taken.error()};
    }
    return LockAnswer{.token = static_cast<std::uint64_t>(taken->number(0, 0))};
}

std::expected<void, Failure> PostgresSession::release_lock(const std::string& name,
                                                           std::uint64_t token) {
    const std::array values{PostgresParameter::bytes(name), signed_of(token)};
    const auto released = query("DELETE FROM warren_locks WHERE key = $1 AND token = $2", values);
    return released ? std::expected<void, Failure>{} : std::unexpected{released.error()};
}

std::expected<void, Failure> PostgresSession::leave_lock_queue(std::int64_t place) {
    const std::array values{PostgresParameter::number(place)};
    const auto left = query("DELETE FROM warren_lock_waiters WHERE id = $1", values);
    return left ? std::expected<void, Failure>{} : std::unexpected{left.error()};
}

std::expected<std::vector<std::uint64_t>, Failure> PostgresSession::renew_locks(
    std::span<const std::uint64_t> tokens, std::span<const std::int64_t> places,
    const LockTerms& terms) {
    std::vector<std::uint64_t> held;
    if (!tokens.empty()) {
        const std::array values{array_of(tokens), PostgresParameter::number(terms.lease.count())};
        const auto renewed = query(renew_statement, values);
        if (!renewed) {
            return std::unexpected{renewed.error()};
        }
        held = first_column<std::uint64_t>(*renewed);
    }
    if (!places.empty()) {
        const std::array values{array_of(places), PostgresParameter::number(terms.notice.count())};
        const auto renewed = query(
            "UPDATE warren_lock_waiters SET expires_at = clock_timestamp() + $2 * interval '1 ms' "
            "WHERE id = ANY($1::bigint[])",
            values);
        if (!renewed) {
            return std::unexpected{renewed.error()};
        }
    }
    for (const std::string_view statement : clean_statements) {
        if (const auto cleaned = query(statement); !cleaned) {
            return std::unexpected{cleaned.error()};
        }
    }
    return held;
}

std::expected<std::vector<std::int64_t>, Failure> PostgresSession::lock_turns(
    std::span<const std::int64_t> places) {
    if (!connection_ || !connection_->is_open()) {
        if (auto begun = begin(Durability::process); !begun) {
            return std::unexpected{std::move(begun.error())};
        }
        rollback();
    }
    const std::array values{array_of(places)};
    const auto turns = query(turns_statement, values);
    if (!turns) {
        return std::unexpected{turns.error()};
    }
    return first_column<std::int64_t>(*turns);
}

/// The row stays locked until the end of the transaction, which is next; a process that is stopped
/// just then loses its connection soon, and with it the row.
std::expected<bool, Failure> PostgresSession::holds_lock(const std::string& name,
                                                         std::uint64_t token) {
    const std::array values{PostgresParameter::bytes(name), signed_of(token)};
    const auto found = query(
        "SELECT set_config('idle_in_transaction_session_timeout', '3s', true) FROM warren_locks "
        "WHERE key = $1 AND token = $2 FOR UPDATE",
        values);
    if (!found) {
        return std::unexpected{found.error()};
    }
    return found->rows() == 1;
}

}  // namespace warren::store
