#include "store/postgres_session.hpp"
#include "store/postgres_statements.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

// How a store's database is connected to and brought up to date, and who says that it lives there.
namespace warren::store {
namespace {

/// How long a transaction may be silent: whoever is stopped or cut off in the middle of one keeps
/// others waiting no longer. A handler may take its time.
constexpr std::chrono::milliseconds own_silence_max{3'000};
constexpr std::chrono::milliseconds handler_silence_max{60'000};

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
    const auto sum = query("SELECT coalesce(sum(" + std::string{postgres_record_bytes} +
                           "), 0)::bigint FROM warren_calls");
    if (!sum) {
        return std::unexpected{sum.error()};
    }
    bytes_ = sum->number(0, 0);
    return {};
}

}  // namespace warren::store
