#include "store/postgres.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace warren::store {
namespace {

/// How long a server may say nothing.
constexpr std::chrono::seconds answer_timeout{10};
constexpr Oid bytea_type = 17;

/// As one line.
std::string trimmed(const std::string& text) {
    std::string line;
    for (const char character : text) {
        const bool is_blank = static_cast<unsigned char>(character) <= ' ';
        if (!is_blank) {
            line += character;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (line.ends_with(' ')) {
        line.pop_back();
    }
    return line;
}

PostgresError lost(const std::string& message) {
    return {.message = trimmed(message), .is_lost = true};
}

}  // namespace

bool PostgresError::is_passing() const noexcept {
    // Connection, serialization, resources, shutdown, a lock that was waited for in vain.
    // [PostgreSQL, Appendix A]
    constexpr std::array<std::string_view, 8> classes{"08", "40",    "53",    "57",
                                                      "58", "25006", "25P03", "55P03"};
    return is_lost || sqlstate.empty() ||
           std::ranges::any_of(
               classes, [this](std::string_view prefix) { return sqlstate.starts_with(prefix); });
}

std::string_view PostgresResult::text(int row, int column) const noexcept {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t PostgresResult::number(int row, int column) const noexcept {
    std::int64_t number = 0;
    const std::string_view digits = text(row, column);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string PostgresResult::bytes(int row, int column) const {
    std::size_t size = 0;
    unsigned char* const octets = PQunescapeBytea(
        reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row, column)), &size);
    std::string bytes;
    if (octets != nullptr) {
        bytes.assign(reinterpret_cast<const char*>(octets), size);
        PQfreemem(octets);
    }
    return bytes;
}

std::uint64_t PostgresResult::changed() const noexcept {
    std::uint64_t count = 0;
    const char* const digits = PQcmdTuples(result_.get());
    std::from_chars(digits, digits + std::strlen(digits), count);
    return count;
}

std::expected<PostgresConnection, PostgresError> PostgresConnection::connect(
    const std::string& address) {
    // What the address says itself goes before these, but for what stands behind `dbname`.
    constexpr std::array<const char*, 8> keys{"connect_timeout",
                                              "keepalives_idle",
                                              "keepalives_interval",
                                              "keepalives_count",
                                              "tcp_user_timeout",
                                              "fallback_application_name",
                                              "dbname",
                                              nullptr};
    const std::array<const char*, 8> values{
        "3", "5", "5", "2", "10000", "warren", address.c_str(), nullptr};
    PostgresConnection connection{PQconnectdbParams(keys.data(), values.data(), 1)};
    if (!connection.is_open()) {
        return std::unexpected{lost(PQerrorMessage(connection.connection_.get()))};
    }
    PQsetNoticeProcessor(connection.connection_.get(), [](void*, const char*) {}, nullptr);
    return connection;
}

PostgresError PostgresConnection::error(const PGresult* result) const {
    const char* const state =
        result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const words =
        result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return {.message = trimmed(words != nullptr ? words : PQerrorMessage(connection_.get())),
            .sqlstate = state == nullptr ? "" : state,
            .is_lost = !is_open()};
}

/// The result of what was sent, as far as it comes in time.
std::expected<PostgresResult, PostgresError> PostgresConnection::result() {
    PGconn* const connection = connection_.get();
    const auto until = std::chrono::steady_clock::now() + answer_timeout;
    PGresult* last = nullptr;
    for (;;) {
        const int flushed = PQflush(connection);
        while (flushed == 0 && PQisBusy(connection) == 0) {
            PGresult* const next = PQgetResult(connection);
            if (next == nullptr) {
                PostgresResult whole{last};
                const auto status = PQresultStatus(last);
                if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
                    return std::unexpected{error(last)};
                }
                return whole;
            }
            if (last != nullptr && PQresultStatus(last) == PGRES_FATAL_ERROR) {
                PQclear(next);  // the first error says why
            } else {
                PQclear(last);
                last = next;
            }
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd socket{.fd = PQsocket(connection),
                      .events = static_cast<short>(POLLIN | (flushed > 0 ? POLLOUT : 0)),
                      .revents = 0};
        const int ready = left.count() <= 0 ? 0 : poll(&socket, 1, static_cast<int>(left.count()));
        if (ready == 0 || PQconsumeInput(connection) == 0) {
            PQclear(last);
            auto why = lost(ready == 0 ? "the server does not answer" : PQerrorMessage(connection));
            connection_.reset();
            return std::unexpected{std::move(why)};
        }
    }
}

std::expected<PostgresResult, PostgresError> PostgresConnection::run(
    std::string_view statement, std::span<const PostgresParameter> values) {
    if (connection_ == nullptr) {
        return std::unexpected{lost("the connection is lost")};
    }
    std::vector<const char*> texts;
    std::vector<int> lengths;
    std::vector<int> formats;
    std::vector<Oid> types;
    for (const PostgresParameter& value : values) {
        texts.push_back(value.text ? value.text->c_str() : nullptr);
        lengths.push_back(value.text ? static_cast<int>(value.text->size()) : 0);
        formats.push_back(value.is_bytes ? 1 : 0);
        types.push_back(value.is_bytes ? bytea_type : 0);
    }
    const std::string text{statement};
    if (PQsendQueryParams(connection_.get(), text.c_str(), static_cast<int>(values.size()),
                          types.data(), texts.data(), lengths.data(), formats.data(), 0) == 0) {
        return std::unexpected{error(nullptr)};
    }
    return result();
}

std::expected<void, PostgresError> PostgresConnection::run_script(const std::string& statements) {
    if (connection_ == nullptr) {
        return std::unexpected{lost("the connection is lost")};
    }
    if (PQsendQuery(connection_.get(), statements.c_str()) == 0) {
        return std::unexpected{error(nullptr)};
    }
    const auto ran = result();
    return ran ? std::expected<void, PostgresError>{} : std::unexpected{ran.error()};
}

bool PostgresConnection::in_transaction() const noexcept {
    const auto status = PQtransactionStatus(connection_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

}  // namespace warren::store
