#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "amqp/options.hpp"
#include "amqp/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace warren::amqp {

enum class TableError : std::uint8_t {
    truncated,    // a length runs past the end of what contains it
    unknown_tag,  // a type we do not know, so its length is unknown too
    duplicate_key,
    length_over_limit,
    depth_over_limit,
    entries_over_limit,
};

std::string_view name_of(TableError error) noexcept;

/// Decode one field table.                                 [AMQP 0-9-1 4.2.5.5; RabbitMQ errata 3]
/// in    u32 big-endian length (bytes), then
///       (short string key, u8 tag, value)*;
///       may be truncated, may be followed by anything
/// out   a map; its text and bytes view the input (lifetime: the buffer), the rest is in the arena.
///       Long strings that are no UTF-8 become bytes, decimals floats, timestamps integers.
/// err   TableError; never throws but std::bad_alloc
/// cost  O(bytes), and O(entries squared) of each table for duplicate keys
std::expected<Value, TableError> decode_table(std::span<const std::byte> input, Arena& arena,
                                              const TableLimits& limits = {});

/// Encode one field table, its length first.
/// in    a map with text keys, or null for an empty table; nested maps and lists likewise
/// err   marks the writer failed: a key over 255 bytes (short_string_too_long); a key that is no
///       text, an integer over INT64_MAX or nesting over `table_depth_max` (not_encodable)
void write_table(Writer& writer, const Value& table);

inline constexpr std::size_t table_depth_max = 32;  // of what we encode

}  // namespace warren::amqp
