#pragma once

#include <warren/arena.hpp>

#include "format/deflate.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace warren::format {

/// How bytes are compressed, where that is said beside them.             [RFC 9110 8.4.1, RFC 8878]
enum class Compression : std::uint8_t { none, gzip, zstd, deflate };

/// As it is called in messages, addresses and configurations.
std::string_view name_of(Compression kind) noexcept;
/// out  none: there is none of that name that is written
Compression compression_named(std::string_view name) noexcept;

/// What is smaller than this is not worth the time, unless somebody says otherwise.
inline constexpr std::size_t compress_bytes_min_default = std::size_t{64} << 10;

/// in   kind: gzip or zstd
/// out  empty: it gets no smaller
/// err  throws std::bad_alloc                                                       thread any
std::string compress(Compression kind, std::string_view text);

/// in   kind: not none; size_max: of the result, in bytes
/// out  in the arena
/// err  InflateError; throws std::bad_alloc and `Arena::Full`
/// cost O(bytes), and memory for twice the result                                   thread any
std::expected<std::span<const std::byte>, InflateError> decompress(
    Compression kind, std::span<const std::byte> compressed, std::size_t size_max, Arena& arena);

}  // namespace warren::format
