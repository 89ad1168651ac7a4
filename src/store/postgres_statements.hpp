#pragma once

#include <warren/transaction.hpp>

#include "store/postgres.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace warren::store {

/// How many bytes a record counts for.
inline constexpr std::string_view postgres_record_bytes =
    "octet_length(key) * 2 + octet_length(method) + octet_length(request) + "
    "octet_length(response) + 96";

/// What makes each version of the version before it; see `store_migrations`.
inline constexpr std::array<std::string_view, 2> postgres_migrations{R"(
CREATE TABLE warren_calls (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                           key bytea NOT NULL UNIQUE, method text NOT NULL, request bytea NOT NULL,
                           state integer NOT NULL, attempt bigint NOT NULL, crashes bigint NOT NULL,
                           owner bigint NOT NULL, changed_at_ms bigint NOT NULL,
                           response bytea NOT NULL);
)",
                                                                     R"(
CREATE SEQUENCE warren_lock_tokens;
CREATE TABLE warren_locks (key bytea PRIMARY KEY, token bigint NOT NULL, owner bigint NOT NULL,
                           expires_at timestamptz NOT NULL);
CREATE INDEX warren_locks_by_token ON warren_locks (token);
CREATE TABLE warren_lock_waiters (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                  key bytea NOT NULL, owner bigint NOT NULL,
                                  expires_at timestamptz NOT NULL);
CREATE INDEX warren_lock_waiters_by_key ON warren_lock_waiters (key, id);
ALTER TABLE warren_calls ADD COLUMN first_at_ms bigint NOT NULL DEFAULT 0;
CREATE TABLE warren_dead (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key bytea NOT NULL,
                          method text NOT NULL, request bytea NOT NULL, reason text NOT NULL,
                          attempts bigint NOT NULL, first_at_ms bigint NOT NULL,
                          last_at_ms bigint NOT NULL, server text NOT NULL,
                          checksum bigint NOT NULL);
CREATE TABLE warren_later (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                           key bytea NOT NULL UNIQUE, method text NOT NULL, request bytea NOT NULL,
                           due_at_ms bigint NOT NULL, owner bigint NOT NULL,
                           checksum bigint NOT NULL);
CREATE INDEX warren_later_due ON warren_later (due_at_ms);
)"};
inline constexpr std::int64_t postgres_version = std::ssize(postgres_migrations);

/// An address without its password, for people.
std::string postgres_display(const std::string& address);

/// What handlers do in their store: statements of theirs, which may neither end the transaction nor
/// touch Warren's tables.
/// thread one
class PostgresStatements final : public Transaction {
public:
    /// in  both outlive this
    PostgresStatements(PostgresConnection& connection, const std::string& name) noexcept
        : connection_{connection}, name_{name} {}

private:
    std::uint64_t run(std::string_view statement, std::span<const Dynamic> values,
                      std::vector<Row>* rows) override;

    PostgresConnection& connection_;
    const std::string& name_;
};

}  // namespace warren::store
