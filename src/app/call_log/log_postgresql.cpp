#include "app/call_log/log_database.hpp"
#include "store/postgres.hpp"

#include <optional>
#include <utility>

namespace warren::app {
namespace {

constexpr SqlWords postgresql_words{.identity = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                                    .like = "ILIKE"};
// As with SQLite, the last moments' records may go, and nothing else; and whoever reads waits no
// longer than whoever writes can.
constexpr char postgresql_settings[] =
    "SET synchronous_commit = off; SET statement_timeout = '8s'; SET lock_timeout = '3s'";

Failure failed(const store::PostgresError& error) {
    return {.code = Code::invalid_request, .message = "PostgreSQL: " + error.message};
}

/// A connection that is made again whenever it is lost.
class PostgresqlLog final : public LogDatabase {
public:
    explicit PostgresqlLog(std::string address) : address_{std::move(address)} {}

    std::expected<void, Failure> connect() {
        auto made = store::PostgresConnection::connect(address_);
        if (!made) {
            return std::unexpected{failed(made.error())};
        }
        if (const auto set = made->run_script(postgresql_settings); !set) {
            return std::unexpected{failed(set.error())};
        }
        connection_ = std::move(*made);
        return {};
    }

    const SqlWords& words() const noexcept override { return postgresql_words; }

    std::expected<LogRows, Failure> run(std::string_view statement,
                                        std::span<const LogValue> values) override {
        std::vector<store::PostgresParameter> parameters;
        for (const LogValue& value : values) {
            const auto* const text = std::get_if<std::string_view>(&value);
            parameters.push_back(
                text != nullptr ? store::PostgresParameter{std::string{*text}}
                                : store::PostgresParameter::number(std::get<std::int64_t>(value)));
        }
        const bool was_connected = connection_.has_value();
        for (bool is_again = false;; is_again = true) {
            if (auto ready = connection_ ? std::expected<void, Failure>{} : connect(); !ready) {
                return std::unexpected{std::move(ready.error())};
            }
            auto result = connection_->run(statement, parameters);
            if (result) {
                return rows_of(*result);
            }
            if (result.error().is_lost || !connection_->is_open()) {
                connection_.reset();
            }
            // Who was there before may have gone long ago; what a log has to run may run twice.
            if (connection_ || is_again || !was_connected) {
                return std::unexpected{failed(result.error())};
            }
        }
    }

    std::expected<void, Failure> change(const std::string& statements) override {
        if (auto ready = connection_ ? std::expected<void, Failure>{} : connect(); !ready) {
            return ready;
        }
        // One message of several statements is one transaction.      [PostgreSQL, 55.2.2.1]
        if (const auto changed = connection_->run_script(statements); !changed) {
            connection_.reset();
            return std::unexpected{failed(changed.error())};
        }
        return {};
    }

private:
    static LogRows rows_of(const store::PostgresResult& result) {
        LogRows given{.changed = result.changed()};
        for (int row = 0; row < result.rows(); ++row) {
            LogRow& columns = given.rows.emplace_back();
            for (int column = 0; column < result.columns(); ++column) {
                columns.push_back(result.is_null(row, column)
                                      ? std::nullopt
                                      : std::optional{std::string{result.text(row, column)}});
            }
        }
        return given;
    }

    const std::string address_;
    std::optional<store::PostgresConnection> connection_;
};

}  // namespace

std::expected<std::unique_ptr<LogDatabase>, Failure> open_postgresql_log(std::string address) {
    auto log = std::make_unique<PostgresqlLog>(std::move(address));
    if (auto connected = log->connect(); !connected) {
        return std::unexpected{std::move(connected.error())};
    }
    return log;
}

}  // namespace warren::app
