#include "store/handler_statements.hpp"

#include <warren/error.hpp>

#include <charconv>
#include <limits>
#include <utility>

namespace warren::store {
namespace {

constexpr std::size_t statements_kept_max = 64;
constexpr std::size_t rows_max = 1'000'000;
constexpr std::string_view own_tables = "warren_";

bool is_own(const char* name) noexcept {
    return name != nullptr && std::string_view{name}.starts_with(own_tables);
}

/// What statements of handlers may do.                    [SQLite: Authorizer Action Codes]
int allow(void*, int action, const char* first, const char* second, const char*, const char*) {
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_PRAGMA:
        return SQLITE_DENY;
    default:
        return is_own(first) || is_own(second) ? SQLITE_DENY : SQLITE_OK;
    }
}

/// Of "$3" or "?3": 3; 0 of anything else.
std::size_t number_of(const char* name) noexcept {
    std::size_t number = 0;
    const std::string_view text = name == nullptr ? "" : name;
    if (text.starts_with('$') || text.starts_with('?')) {
        std::from_chars(text.data() + 1, text.data() + text.size(), number);
    }
    return number;
}

Dynamic value_at(const Statement& row, int column) {
    switch (row.type(column)) {
    case SQLITE_INTEGER:
        return Dynamic{row.signed_number(column)};
    case SQLITE_FLOAT:
        return Dynamic{row.real(column)};
    case SQLITE_TEXT:
        return Dynamic{row.text(column)};
    case SQLITE_BLOB: {
        const std::string_view bytes = row.blob(column);
        return Dynamic::bytes(std::as_bytes(std::span{bytes}));
    }
    default:
        return {};
    }
}

/// Resets a statement when its rows are done with.
class Rows {
public:
    explicit Rows(Statement& statement) noexcept : statement_{statement} {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() { statement_.reset(); }

private:
    Statement& statement_;
};

}  // namespace

void HandlerStatements::fail(std::string_view what) const {
    throw Error{Code::internal, name_ + ": " + std::string{what}};
}

void HandlerStatements::fail_as_database() const {
    if (database_.error() == SQLITE_FULL) {
        throw Error{Code::overloaded, name_ + " cannot be written: the disk is full"};
    }
    fail(database_.error() == SQLITE_AUTH
             ? "a handler's statement may neither end its transaction, nor change how the store "
               "works, nor touch the tables warren_..."
             : database_.error_text());
}

void HandlerStatements::run(const std::function<void(Transaction&)>& changes) {
    if (std::exchange(is_running_, true)) {
        fail("a transaction was begun inside of another one");
    }
    try {
        changes(*this);
    } catch (...) {
        is_running_ = false;
        throw;
    }
    is_running_ = false;
}

Statement& HandlerStatements::prepared(std::string_view text) {
    std::string key{text};
    if (const auto found = prepared_.find(key); found != prepared_.end()) {
        return found->second;
    }
    database_.authorize(allow);
    std::string_view rest;
    Statement statement = database_.prepare(text, &rest);
    database_.authorize(nullptr);
    if (!statement.is_made()) {
        fail_as_database();
    }
    if (rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
        fail("one statement at a time, and not '" + std::string{text} + "'");
    }
    if (prepared_.size() >= statements_kept_max) {
        prepared_.clear();
    }
    return prepared_.emplace(std::move(key), std::move(statement)).first->second;
}

void HandlerStatements::bind(Statement& statement, std::span<const Dynamic> values) {
    for (int parameter = 1; parameter <= statement.parameters(); ++parameter) {
        const char* const name = statement.parameter_name(parameter);
        const std::size_t number = number_of(name);
        if (number == 0 || number > values.size()) {
            fail("no value for " + (name == nullptr ? std::string{"?: say $1"} : name) + ", of " +
                 std::to_string(values.size()) + " given");
        }
        const Value& value = values[number - 1].value();
        switch (value.kind()) {
        case Value::Kind::null:
            statement.bind_null(parameter);
            break;
        case Value::Kind::boolean:
            statement.bind(parameter, std::int64_t{value.as_boolean() ? 1 : 0});
            break;
        case Value::Kind::int64:
            statement.bind(parameter, value.as_int64());
            break;
        case Value::Kind::float64:
            statement.bind_real(parameter, value.as_float64());
            break;
        case Value::Kind::text:
            statement.bind_text(parameter, value.as_text());
            break;
        case Value::Kind::bytes:
            statement.bind_blob(parameter, {reinterpret_cast<const char*>(value.as_bytes().data()),
                                            value.as_bytes().size()});
            break;
        case Value::Kind::uint64:
        case Value::Kind::list:
        case Value::Kind::map:
            fail("the value of $" + std::to_string(number) +
                 " is neither null, truth, a number of 64 bits with a sign, text nor bytes");
        }
    }
}

std::uint64_t HandlerStatements::run(std::string_view text, std::span<const Dynamic> values,
                                     std::vector<Row>* rows) {
    if (!is_running_) {
        fail("a transaction was used after its end");
    }
    Statement& statement = prepared(text);
    const Rows done{statement};
    bind(statement, values);
    int result = statement.step();
    for (; result == SQLITE_ROW; result = statement.step()) {
        if (rows == nullptr) {
            continue;
        }
        if (rows->size() >= rows_max) {
            fail("a query gives more than a million rows");
        }
        Row& row = rows->emplace_back();
        for (int column = 0; column < statement.columns(); ++column) {
            row.push_back(value_at(statement, column));
        }
    }
    if (result != SQLITE_DONE) {
        fail_as_database();
    }
    return database_.changes();
}

}  // namespace warren::store
