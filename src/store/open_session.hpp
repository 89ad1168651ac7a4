#pragma once

#include "store/call_session.hpp"

#include <expected>
#include <memory>
#include <string>

// The kinds of stores.
namespace warren::store {

/// In an SQLite file, made where it is missing: see `SqliteSession::open`.
std::expected<std::unique_ptr<CallSession>, Failure> open_sqlite(std::string path);
/// In a PostgreSQL database: see `PostgresSession::open`.
std::expected<std::unique_ptr<CallSession>, Failure> open_postgresql(std::string address);

}  // namespace warren::store
