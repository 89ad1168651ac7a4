#include "store/postgres_statements.hpp"

#include <warren/error.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace warren::store {
namespace {

constexpr std::size_t postgres_rows_max = 1'000'000;

// Of pg_type.dat.
enum PostgresType : Oid {
    type_bool = 16,
    type_bytea = 17,
    type_int8 = 20,
    type_int2 = 21,
    type_int4 = 23,
    type_float4 = 700,
    type_float8 = 701
};

/// The first word of a statement, in capitals.
std::string first_word(std::string_view statement) {
    std::string word;
    for (const char character : statement) {
        if (std::isalpha(static_cast<unsigned char>(character)) != 0) {
            word += static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
        } else if (!word.empty() || std::isspace(static_cast<unsigned char>(character)) == 0) {
            break;
        }
    }
    return word;
}

/// Whether a statement would end the transaction or change what follows it. One that begins with a
/// comment may be anything.
bool ends_transaction(std::string_view statement) {
    constexpr std::array<std::string_view, 13> words{
        "",        "BEGIN",     "START", "COMMIT",  "END",   "ROLLBACK", "ABORT",
        "PREPARE", "SAVEPOINT", "SET",   "RELEASE", "RESET", "DISCARD"};
    return std::ranges::find(words, first_word(statement)) != words.end();
}

bool touches_own_tables(std::string_view statement) {
    constexpr std::string_view own = "warren_";
    const auto same = [](char left, char right) {
        return std::tolower(static_cast<unsigned char>(left)) == right;
    };
    return !std::ranges::search(statement, own, same).empty();
}

PostgresParameter parameter_of(const Value& value, const std::string& name, std::size_t number) {
    switch (value.kind()) {
    case Value::Kind::null:
        return {};
    case Value::Kind::boolean:
        return {value.as_boolean() ? "t" : "f"};
    case Value::Kind::int64:
        return PostgresParameter::number(value.as_int64());
    case Value::Kind::float64: {
        std::array<char, 32> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), value.as_float64()).ptr;
        return {std::string{digits.data(), end}};
    }
    case Value::Kind::text:
        if (value.as_text().find('\0') == std::string_view::npos) {
            return {std::string{value.as_text()}};
        }
        break;
    case Value::Kind::bytes:
        return PostgresParameter::bytes(
            {reinterpret_cast<const char*>(value.as_bytes().data()), value.as_bytes().size()});
    case Value::Kind::uint64:
    case Value::Kind::list:
    case Value::Kind::map:
        break;
    }
    throw Error{Code::internal,
                name + ": the value of $" + std::to_string(number) +
                    " is neither null, truth, a number of 64 bits with a sign, text without NUL "
                    "nor bytes"};
}

Dynamic value_in(const PostgresResult& result, int row, int column) {
    if (result.is_null(row, column)) {
        return {};
    }
    switch (result.type(column)) {
    case type_bool:
        return Dynamic{result.text(row, column) == "t"};
    case type_int2:
    case type_int4:
    case type_int8:
        return Dynamic{result.number(row, column)};
    case type_float4:
    case type_float8:
        return Dynamic{std::strtod(std::string{result.text(row, column)}.c_str(), nullptr)};
    case type_bytea: {
        const std::string bytes = result.bytes(row, column);
        return Dynamic::bytes(std::as_bytes(std::span{bytes}));
    }
    default:
        return Dynamic{result.text(row, column)};
    }
}

}  // namespace

std::string postgres_display(const std::string& address) {
    char* error = nullptr;
    PQconninfoOption* const options = PQconninfoParse(address.c_str(), &error);
    PQfreemem(error);
    std::string shown = "postgresql:";
    for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr;
         ++option) {
        const std::string_view keyword = option->keyword;
        if (option->val != nullptr &&
            (keyword == "host" || keyword == "hostaddr" || keyword == "port" ||
             keyword == "dbname" || keyword == "user" || keyword == "service")) {
            shown += ' ' + std::string{keyword} + '=' + option->val;
        }
    }
    PQconninfoFree(options);
    return shown;
}

std::uint64_t PostgresStatements::run(std::string_view statement, std::span<const Dynamic> values,
                                      std::vector<Row>* rows) {
    if (ends_transaction(statement) || touches_own_tables(statement)) {
        throw Error{Code::internal,
                    name_ +
                        ": a handler's statement may neither end its transaction, nor change "
                        "how the store works, nor touch the tables warren_..., nor begin with "
                        "a comment"};
    }
    std::vector<PostgresParameter> parameters;
    parameters.reserve(values.size());
    for (std::size_t at = 0; at < values.size(); ++at) {
        parameters.push_back(parameter_of(values[at].value(), name_, at + 1));
    }
    const auto result = connection_.run(statement, parameters);
    if (!result) {
        const PostgresError& error = result.error();
        // Without a state and a connection that is lost the statement itself cannot be sent.
        const bool is_passing = error.is_lost || (!error.sqlstate.empty() && error.is_passing());
        throw Error{is_passing ? Code::overloaded : Code::internal, name_ + ": " + error.message};
    }
    if (rows != nullptr) {
        if (static_cast<std::size_t>(result->rows()) > postgres_rows_max) {
            throw Error{Code::internal, name_ + ": a query gives more than a million rows"};
        }
        for (int row = 0; row < result->rows(); ++row) {
            Row& values_of_row = rows->emplace_back();
            for (int column = 0; column < result->columns(); ++column) {
                values_of_row.push_back(value_in(*result, row, column));
            }
        }
    }
    return result->changed();
}

}  // namespace warren::store
