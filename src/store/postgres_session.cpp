#include "store/postgres_session.hpp"

#include "store/postgres_statements.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace warren::store {
namespace {

/// When to ask a server again that is away or busy.
constexpr std::chrono::milliseconds postgres_retry_after{1'000};

constexpr std::string_view found_columns =
    "id, method, request, state, attempt, crashes, owner, changed_at_ms, response, first_at_ms";

std::string_view begin_as(Durability durability) noexcept {
    return durability == Durability::machine ? "BEGIN; SET LOCAL synchronous_commit = on"
                                             : "BEGIN; SET LOCAL synchronous_commit = off";
}

}  // namespace

Failure PostgresSession::failure(const PostgresError& error) const {
    if (error.is_passing()) {
        return {.code = Code::overloaded,
                .message = name_ + " cannot be used now: " + error.message,
                .retry_after = postgres_retry_after};
    }
    return {.code = Code::internal, .message = name_ + " fails: " + error.message};
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
        "WITH oldest AS (SELECT id, changed_at_ms, " + std::string{postgres_record_bytes} +
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
