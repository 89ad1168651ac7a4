#include "store/open_session.hpp"

#include "store/postgres_session.hpp"
#include "store/sqlite_session.hpp"

#include <utility>

namespace warren::store {

std::expected<std::unique_ptr<CallSession>, Failure> open_sqlite(std::string path) {
    return SqliteSession::open(std::move(path));
}

std::expected<std::unique_ptr<CallSession>, Failure> open_postgresql(std::string address) {
    return PostgresSession::open(std::move(address));
}

}  // namespace warren::store
