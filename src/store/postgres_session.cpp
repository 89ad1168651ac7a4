#include "store/postgres_session.hpp"

#include "store/postgres_statements.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace warren::store {
namespace {

/// How long a transaction may be silent: whoever is stopped or cut off in the middle of one keeps
/// others waiting no longer. A handler may take its time.
constexpr std::chrono::milliseconds own_silence_max{3'000};
constexpr std::chrono::milliseconds handler_silence_max{60'000};

/// When to ask a server again that is away or busy.
constexpr std::chrono::milliseconds postgres_retry_after{1'000};

constexpr std::string_view found_columns =
    "id, method, request, state, attempt, crashes, owner, changed_at_ms, response, first_at_ms";
constexpr std::string_view record_bytes =
    "octet_length(key) * 2 + octet_length(method) + octet_length(request) + "
    "octet_length(response) + 96";

std::string_view begin_as(Durability durability) noexcept {
    return durability == Durability::machine ? "BEGIN; SET LOCAL synchronous_commit = on"
                                             : "BEGIN; SET LOCAL synchronous_commit = off";
}

}  // namespace

PostgresSession::PostgresSession(std::string address, std::int64_t number)
    : address_{std::move(address)},
      name_{"The store " + postgres_display(address_)},
      number_{number < 0 ? -number : number},
      silence_max_{number < 0 ? handler_silence_max : own_silence_max},
      is_of_handler_{number < 0} {}

std::expected<std::unique_ptr<PostgresSession>, Failure> PostgresSession::open(
    std::string address) {
    std::uint64_t random = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
    std::unique_ptr<PostgresSession> session{
        new PostgresSession{std::move(address), static_cast<std::int64_t>(random >> 2U) + 1}};
    auto ready = session->connect();
    if (ready) {
        ready = session->migrate();
    }
    if (!ready) {
        ready.error().code = Code::invalid_request;
        ready.error().retry_after.reset();
        return std::unexpected{std::move(ready.error())};
    }
    return session;
}

std::expected<std::unique_ptr<CallSession>, Failure> PostgresSession::of_handler() {
    return std::unique_ptr<CallSession>{new PostgresSession{address_, -number_}};
}

void PostgresSession::limit_silence(std::chrono::milliseconds most) {
    silence_max_ = std::clamp(most, own_silence_max, handler_silence_max);
}

Failure PostgresSession::failure(const PostgresError& error) const {
    if (error.is_passing()) {
        return {.code = Code::overloaded,
                .message = name_ + " cannot be used now: " + error.message,
                .retry_after = postgres_retry_after};
    }
    return {.code = Code::internal, .message = name_ + " fails: " + error.message};
}

std::expected<void, Failure> PostgresSession::connect() {
    auto connection = PostgresConnection::connect(address_);
    if (!connection) {
        return std::unexpected{failure(connection.error())};
    }
    connection_ = std::move(*connection);
    // The server, too, is to notice that the other machine is gone: in seconds, not in hours.
    const auto set = connection_->run_script(
        "SET statement_timeout = '8s'; SET lock_timeout = '5s'; SET client_encoding = 'UTF8'; "
        "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; "
        "SET tcp_keepalives_count = 2; SET idle_in_transaction_session_timeout = " +
        std::to_string(silence_max_.count()));
    if (!set) {
        return std::unexpected{failure(set.error())};
    }
    return is_of_handler_ ? std::expected<void, Failure>{} : take_number();
}

/// The lock of a connection that was lost goes when the server notices: until then the old one says
/// that this process lives, and it is asked for again with the next transaction.
std::expected<void, Failure> PostgresSession::take_number() {
    const std::array values{PostgresParameter::number(number_)};
    const auto taken = query("SELECT pg_try_advisory_lock($1)", values);
    if (!taken) {
        return std::unexpected{taken.error()};
    }
    holds_number_ = taken->text(0, 0) == "t";
    return {};
}

bool PostgresSession::lives(std::int64_t number) {
    const std::array values{PostgresParameter::number(number)};
    const auto taken = query("SELECT pg_try_advisory_lock($1)", values);
    if (!taken || taken->text(0, 0) != "t") {
        return true;
    }
    static_cast<void>(query("SELECT pg_advisory_unlock($1)", values));
    return false;
}

/// Several processes may begin with one database at once: whoever comes second waits here.
std::expected<void, Failure> PostgresSession::migrate() {
    const auto failed = [this](const PostgresError& error) {
        return std::unexpected{Failure{.code = Code::invalid_request,
                                       .message = name_ + " cannot be set up: " + error.message}};
    };
    if (auto begun = connection_->run_script(
            "BEGIN; SELECT pg_advisory_xact_lock(6292763418); CREATE TABLE IF NOT EXISTS "
            "warren_store (version integer NOT NULL)");
        !begun) {
        return failed(begun.error());
    }
    const auto found = connection_->run("SELECT max(version) FROM warren_store");
    if (!found) {
        return failed(found.error());
    }
    const std::int64_t version = found->is_null(0, 0) ? 0 : found->number(0, 0);
    if (version > postgres_version) {
        rollback();
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message = name_ + " was made by a newer Warren (version " + std::to_string(version) +
                       " of its tables, and this one knows " + std::to_string(postgres_version) +
                       "): use that one, or name another database"}};
    }
    std::string script;
    for (std::int64_t at = version; at < postgres_version; ++at) {
        script += postgres_migrations[static_cast<std::size_t>(at)];
    }
    if (!script.empty()) {
        script += "DELETE FROM warren_store; INSERT INTO warren_store VALUES (" +
                  std::to_string(postgres_version) + ");";
    }
    if (auto made = connection_->run_script(script + "COMMIT"); !made) {
        rollback();
        return failed(made.error());
    }
    const auto sum = query("SELECT coalesce(sum(" + std::string{record_bytes} +
                           "), 0)::bigint FROM warren_calls");
    if (!sum) {
        return std::unexpected{sum.error()};
    }
    bytes_ = sum->number(0, 0);
    return {};
}

std::expected<PostgresResult, Failure> PostgresSession::query(
    std::string_view statement, std::span<const PostgresParameter> values) {
    auto result = connection_->run(statement, values);
    if (!result) {
        return std::unexpected{failure(result.error())};
    }
    return std::move(*result);
}

std::expected<void, Failure> PostgresSession::begin(Durability durability) {
    if (!connection_ || !connection_->is_open()) {
        holds_number_ = is_of_handler_;
        connection_.reset();
        if (auto connected = connect(); !connected) {
            connection_.reset();
            return connected;
        }
    } else if (!holds_number_) {
        if (auto taken = take_number(); !taken) {
            return taken;
        }
    }
    uncommitted_bytes_ = 0;
    std::string script{begin_as(durability)};
    if (is_of_handler_) {
        script += "; SET LOCAL idle_in_transaction_session_timeout = " +
                  std::to_string(silence_max_.count());
    }
    const auto begun = connection_->run_script(script);
    return begun ? std::expected<void, Failure>{} : std::unexpected{failure(begun.error())};
}

std::expected<void, Failure> PostgresSession::commit() {
    // One that failed inside would be rolled back without a word.
    if (!connection_->is_committable()) {
        return std::unexpected{
            Failure{.code = Code::internal, .message = name_ + " fails: the transaction is void"}};
    }
    if (const auto committed = connection_->run("COMMIT"); !committed) {
        return std::unexpected{failure(committed.error())};
    }
    bytes_ = std::max<std::int64_t>(0, bytes_ + uncommitted_bytes_);
    return {};
}

void PostgresSession::rollback() noexcept {
    if (connection_ && connection_->is_open() && connection_->in_transaction()) {
        static_cast<void>(connection_->run("ROLLBACK"));
    }
    uncommitted_bytes_ = 0;
}

std::expected<std::unique_ptr<PostgresSession::Found>, Failure> PostgresSession::find(
    std::string_view key) {
    const std::array values{PostgresParameter::bytes(key)};
    auto rows = query(
        "SELECT " + std::string{found_columns} + " FROM warren_calls WHERE key = $1 FOR UPDATE",
        values);
    if (!rows) {
        return std::unexpected{std::move(rows.error())};
    }
    if (rows->rows() == 0) {
        return nullptr;
    }
    auto found = std::make_unique<Found>(Found{.row = std::move(*rows), .key = std::string{key}});
    const PostgresResult& row = found->row;
    found->id = row.number(0, 0);
    found->request = row.bytes(0, 2);
    found->response = row.bytes(0, 8);
    found->call = {.key = found->key,
                   .method = row.text(0, 1),
                   .request = found->request,
                   .state = static_cast<RecordState>(row.number(0, 3)),
                   .attempt = static_cast<std::uint32_t>(row.number(0, 4)),
                   .crashes = static_cast<std::uint32_t>(row.number(0, 5)),
                   .owner = row.number(0, 6),
                   .changed_at_ms = row.number(0, 7),
                   .response = found->response,
                   .first_at_ms = row.number(0, 9)};
    return found;
}

std::expected<std::unique_ptr<PostgresSession::Found>, Failure> PostgresSession::find_held(
    const HeldCall& call) {
    auto found = find(call.key);
    if (found && *found != nullptr &&
        ((*found)->call.owner != number_ || (*found)->call.attempt != call.attempt)) {
        found->reset();
    }
    return found;
}

std::expected<void, Failure> PostgresSession::update(std::int64_t id, const StoredCall& call) {
    const std::array values{PostgresParameter::number(id),
                            PostgresParameter::number(static_cast<std::int64_t>(call.state)),
                            PostgresParameter::number(call.attempt),
                            PostgresParameter::number(call.crashes),
                            PostgresParameter::number(call.owner),
                            PostgresParameter::number(call.changed_at_ms),
                            PostgresParameter::bytes(call.response)};
    const auto updated = query(
        "UPDATE warren_calls SET state = $2, attempt = $3, crashes = $4, owner = $5, "
        "changed_at_ms = $6, response = $7 WHERE id = $1",
        values);
    return updated ? std::expected<void, Failure>{} : std::unexpected{updated.error()};
}

std::expected<Claimed, Failure> PostgresSession::claim(const ClaimRequest& request,
                                                       std::int64_t now_ms) {
    const StoredCall first = first_record(request, now_ms, number_);
    const std::array values{PostgresParameter::bytes(first.key),
                            PostgresParameter{std::string{first.method}},
                            PostgresParameter::bytes(first.request),
                            PostgresParameter::number(static_cast<std::int64_t>(first.state)),
                            PostgresParameter::number(first.owner),
                            PostgresParameter::number(now_ms)};
    const auto inserted = query(
        "INSERT INTO warren_calls (key, method, request, state, attempt, crashes, owner, "
        "changed_at_ms, response, first_at_ms) VALUES ($1, $2, $3, $4, 1, 0, $5, $6, '', $6) "
        "ON CONFLICT (key) DO NOTHING",
        values);
    if (!inserted) {
        return std::unexpected{inserted.error()};
    }
    if (inserted->changed() == 1) {
        uncommitted_bytes_ += static_cast<std::int64_t>(first.bytes());
        return Claimed{.first_at_ms = now_ms};
    }
    auto found = find(request.key);
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    if (*found == nullptr) {
        // It was removed just now, by what forgets the oldest.
        return std::unexpected{Failure{.code = Code::overloaded,
                                       .message = name_ + " is changed by others at once",
                                       .retry_after = std::chrono::milliseconds{10}}};
    }
    const auto owner_lives = [](const void* session, std::int64_t number) {
        return const_cast<PostgresSession*>(static_cast<const PostgresSession*>(session))
            ->lives(number);
    };
    ClaimDecision decision = decide(request, (*found)->call, now_ms, number_, owner_lives, this);
    if (decision.is_written) {
        if (auto written = update((*found)->id, decision.next); !written) {
            return std::unexpected{std::move(written.error())};
        }
    }
    return std::move(decision.claimed);
}

std::expected<bool, Failure> PostgresSession::keep(const HeldCall& call, std::string_view response,
                                                   std::int64_t now_ms) {
    const auto found = find_held(call);
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (*found == nullptr) {
        return false;
    }
    StoredCall done = (*found)->call;
    done.state = RecordState::answered;
    done.owner = 0;
    done.changed_at_ms = now_ms;
    done.response = response;
    uncommitted_bytes_ += static_cast<std::int64_t>(done.bytes());
    uncommitted_bytes_ -= static_cast<std::int64_t>((*found)->call.bytes());
    if (auto updated = update((*found)->id, done); !updated) {
        return std::unexpected{std::move(updated.error())};
    }
    return true;
}

std::expected<bool, Failure> PostgresSession::is_kept(const HeldCall& call) {
    if (auto begun = begin(Durability::process); !begun) {
        return std::unexpected{std::move(begun.error())};
    }
    const auto found = find(call.key);
    rollback();
    if (!found) {
        return std::unexpected{found.error()};
    }
    return *found != nullptr && (*found)->call.state == RecordState::answered &&
           (*found)->call.attempt == call.attempt;
}

std::expected<void, Failure> PostgresSession::let_go(const HeldCall& call, LetGo how) {
    const auto found = find_held(call);
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (*found == nullptr) {
        return {};
    }
    StoredCall left = (*found)->call;
    if (how == LetGo::undone && left.attempt == 1) {
        uncommitted_bytes_ -= static_cast<std::int64_t>(left.bytes());
        const std::array values{PostgresParameter::number((*found)->id)};
        const auto removed = query("DELETE FROM warren_calls WHERE id = $1", values);
        return removed ? std::expected<void, Failure>{} : std::unexpected{removed.error()};
    }
    left.attempt -= how == LetGo::undone ? 1 : 0;
    left.state = RecordState::begun;
    left.owner = 0;
    return update((*found)->id, left);
}

std::expected<void, Failure> PostgresSession::forget(const RecordLimits& limits,
                                                     std::int64_t now_ms) {
    // Whoever else forgets at this moment has locked some, and does it.
    const std::int64_t over =
        std::max<std::int64_t>(0, bytes_ - static_cast<std::int64_t>(limits.bytes_max));
    const std::array values{PostgresParameter::number(now_ms - limits.keep_ms),
                            PostgresParameter::number(over)};
    const auto removed = query(
        "WITH oldest AS (SELECT id, changed_at_ms, " + std::string{record_bytes} +
            " AS size FROM warren_calls WHERE state = 2 ORDER BY id LIMIT 512 FOR UPDATE SKIP "
            "LOCKED), chosen AS (SELECT id, changed_at_ms, size, sum(size) OVER (ORDER BY id) - "
            "size AS before FROM oldest) DELETE FROM warren_calls c USING chosen WHERE c.id = "
            "chosen.id AND (chosen.changed_at_ms <= $1 OR chosen.before < $2::bigint) RETURNING "
            "chosen.size",
        values);
    if (!removed) {
        return std::unexpected{removed.error()};
    }
    for (int row = 0; row < removed->rows(); ++row) {
        uncommitted_bytes_ -= removed->number(row, 0);
    }
    return {};
}

std::expected<std::exception_ptr, Failure> PostgresSession::run(
    const std::function<void(Transaction&)>& changes) {
    PostgresStatements statements{*connection_, name_};
    try {
        changes(statements);
    } catch (...) {
        if (!connection_->is_open()) {
            return std::unexpected{failure({.message = "the connection is lost", .is_lost = true})};
        }
        rollback();
        return std::current_exception();
    }
    return nullptr;
}

}  // namespace warren::store
