#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// libpq's connection with an owner and limits of time, and nothing more.
namespace warren::store {

/// A parameter of a statement; none: NULL.
struct PostgresParameter {
    std::optional<std::string> text{};
    bool is_bytes = false;

    static PostgresParameter number(std::int64_t value) { return {std::to_string(value)}; }
    static PostgresParameter bytes(std::string_view value) { return {std::string{value}, true}; }
};

/// What a statement gave.
class PostgresResult {
public:
    explicit PostgresResult(PGresult* result) noexcept : result_{result} {}

    int rows() const noexcept { return PQntuples(result_.get()); }
    int columns() const noexcept { return PQnfields(result_.get()); }
    bool is_null(int row, int column) const noexcept {
        return PQgetisnull(result_.get(), row, column) != 0;
    }
    std::string_view text(int row, int column) const noexcept;
    std::int64_t number(int row, int column) const noexcept;
    std::string bytes(int row, int column) const;
    /// Of its type, as PostgreSQL numbers them [pg_type.dat].
    Oid type(int column) const noexcept { return PQftype(result_.get(), column); }
    std::uint64_t changed() const noexcept;

private:
    struct Clear {
        void operator()(PGresult* result) const noexcept { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

/// Why a statement failed.
struct PostgresError {
    std::string message{};
    std::string sqlstate{};  // [PostgreSQL, Appendix A]; empty: of the connection
    bool is_lost = false;    // there is no connection any more

    /// Whether the same may go well a little later.
    bool is_passing() const noexcept;
};

/// One connection.
/// thread one at a time
class PostgresConnection {
public:
    /// in   address: as libpq has it
    /// err  its words, which hold no password
    static std::expected<PostgresConnection, PostgresError> connect(const std::string& address);

    /// Run one statement with text for parameters and results.
    /// err  it failed, or took too long: then the connection is lost
    std::expected<PostgresResult, PostgresError> run(
        std::string_view statement, std::span<const PostgresParameter> values = {});
    /// Run several without parameters, and forget their rows.
    std::expected<void, PostgresError> run_script(const std::string& statements);

    bool in_transaction() const noexcept;
    /// Whether a transaction is there in which nothing has failed.
    bool is_committable() const noexcept {
        return PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
    }
    bool is_open() const noexcept { return PQstatus(connection_.get()) == CONNECTION_OK; }

private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };
    explicit PostgresConnection(PGconn* connection) noexcept : connection_{connection} {}

    std::expected<PostgresResult, PostgresError> result();
    PostgresError error(const PGresult* result) const;

    std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace warren::store
