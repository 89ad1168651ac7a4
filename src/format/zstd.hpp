#pragma once

#include "format/deflate.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

/// Zstandard.                                                                          [RFC 8878]
namespace warren::format {

/// Decompress one whole frame, made without a dictionary and with a window of 8 MiB at most, which
/// every decoder has to support.                                                       [3.1.1.1.2]
/// in   size_max: of the result, in bytes
/// err  InflateError (`malformed` also for larger windows); throws std::bad_alloc
/// cost O(bytes in and out); memory for the window and for what comes out, doubled as it grows and
///      never for more than `size_max` and one byte, however much the frame announces
///                                                                                  thread any
std::expected<std::string, InflateError> zstd_decompress(std::span<const std::byte> frame,
                                                         std::size_t size_max);

/// Compress a text as one frame, fast rather than small.
/// err  throws std::bad_alloc                                                       thread any
std::string zstd_compress(std::string_view text);

}  // namespace warren::format
