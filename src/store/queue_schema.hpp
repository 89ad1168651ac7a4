#pragma once

#include "store/queue_record.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// What a queue's database has.
namespace warren::store {

inline constexpr std::uint64_t application_id = 0x57'51'55'45;  // "WQUE"
inline constexpr std::uint64_t schema_version = 2;              // 1: without checksums

/// entries   what waits
/// failed    what was given up
/// damaged   what was altered, or is missing (no bytes)
/// removed   what was taken out before its turn, after `first_id` of the record
inline constexpr std::string_view table_definitions = R"(
CREATE TABLE damaged (id INTEGER PRIMARY KEY, found_at_ms INTEGER NOT NULL, what TEXT NOT NULL,
                      bytes BLOB);
CREATE TABLE entries (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE failed (id INTEGER PRIMARY KEY, failed_at_ms INTEGER NOT NULL, reason TEXT NOT NULL,
                     bytes BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE removed (id INTEGER PRIMARY KEY);
CREATE TABLE state (record TEXT NOT NULL);
)";

/// Without the transaction around it.
inline std::string schema_script(const QueueRecord& record) {
    std::string line = encode(record);
    line.pop_back();
    return std::string{table_definitions} + "INSERT INTO state VALUES ('" + line +
           "'); PRAGMA application_id = " + std::to_string(application_id) +
           "; PRAGMA user_version = " + std::to_string(schema_version) + ";";
}

}  // namespace warren::store
