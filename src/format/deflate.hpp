#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// DEFLATE between a header and a checksum, of zlib or gzip.               [RFC 1950, 1951, 1952]
namespace warren::format {

enum class DeflateWrapping : std::uint8_t { zlib, gzip };

enum class InflateError : std::uint8_t {
    malformed,   // no such stream, damaged, or made with a dictionary of the sender's own
    cut_short,   // it ends before the stream does
    trailing,    // something follows the stream
    over_limit,  // it inflates to more than may be
};

/// Our words for an error, without the limit.
std::string_view message_of(InflateError error) noexcept;

/// Inflates streams one after another, and keeps its memory between them.
/// thread one at a time
class Inflater {
public:
    explicit Inflater(DeflateWrapping wrapping = DeflateWrapping::zlib);
    ~Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;

    /// Inflate one whole stream; of gzip one member.
    /// in   size_max: of the result, in bytes
    /// out  a view, until the next call
    /// err  InflateError; throws std::bad_alloc
    /// cost O(bytes in and out); memory for what comes out, doubled as it grows and never for more
    ///      than `size_max` and one byte, however much the stream announces or holds
    std::expected<std::string_view, InflateError> inflate(std::span<const std::byte> stream,
                                                          std::size_t size_max);

private:
    struct State;

    std::unique_ptr<State> state_;
    std::string out_;
};

/// How hard it is tried to get small.                                        [zlib, deflateInit]
inline constexpr int deflate_default = -1;
inline constexpr int deflate_fastest = 1;

/// Deflates texts one after another, unless told otherwise as `zlib.compress` of Python does, to
/// the byte.
/// thread one at a time
class Deflater {
public:
    explicit Deflater(DeflateWrapping wrapping = DeflateWrapping::zlib,
                      int level = deflate_default);
    ~Deflater();
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;

    /// Append a text as one stream.
    /// err  throws std::bad_alloc
    /// cost O(bytes); one growth of `out`, by little more than the text
    void append(std::string& out, std::string_view text);

private:
    struct State;

    std::unique_ptr<State> state_;
};

}  // namespace warren::format
