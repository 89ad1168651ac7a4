#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "format/error.hpp"
#include "format/msgpack/msgpack_limits.hpp"
#include "format/msgpack/msgpack_scan.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace warren::format {

/// What a text that is not UTF-8 becomes.
enum class MsgpackText : std::uint8_t {
    strict,   // refused
    lenient,  // bytes: for peers whose older libraries pack bytes as text
};

struct MsgpackBuilt;

/// What one look at the input gave.
struct MsgpackRead {
    MsgpackScan::State state = MsgpackScan::State::need_more;
    // The object's bytes. With `refused`: to be skipped, 0 when nothing that follows can be read.
    std::size_t size_bytes = 0;
    Value value{};
    // Complete, and not read: it is longer than who reads wanted, or there is no room for it.
    bool is_unread = false;
};

/// Reads MessagePack objects from a stream, each into a `Value`.
///
/// Integers are stored as in every `Value`; both floats become float64; text and bytes view the
/// input. A map's keys may be anything, unless `text_keys` says otherwise, and no text key may
/// stand twice in one map. Extensions are refused, the time stamp among them: a contract's times
/// are text. Errors are a `DecodeError` of the types
///   msgpack_invalid                         the byte 0xc1
///   depth_over_limit | count_over_limit | bytes_over_limit
///   text_not_utf8 | key_twice | key_not_text | timestamp_unsupported | extension_unsupported
/// and of these the ones on the last line leave the stream readable.
///
/// What the response is never depends on how the input was cut.
/// thread one at a time
class MsgpackReader {
public:
    /// in   quick_bytes_max: what is longer, or does not fit into the arena's budget, is not read
    ///      but only found to be whole; 0: everything is read
    explicit MsgpackReader(const MsgpackLimits& limits = {}, MsgpackText text = MsgpackText::strict,
                           std::size_t quick_bytes_max = 0) noexcept
        : limits_{limits}, text_{text}, quick_bytes_max_{quick_bytes_max}, scan_{limits} {}

    /// Read the object that `input` starts with.                    [MessagePack specification]
    /// in   after `need_more`: the same bytes and what has come since, at any address
    /// out  a value viewing `input` and `arena`
    /// err  `refused`, see `error`; again at each call when `size_bytes` is 0; throws `Arena::Full`
    ///      where everything is read
    /// cost O(new bytes), and once more O(bytes) when the object is complete; no list or map takes
    ///      memory before each of its items has a byte there; no recursion; allocates only from
    ///      the arena, for an object that was cut O(depth), and for a map of more than 16 keys
    ///      O(keys)                                       throws nothing but std::bad_alloc
    MsgpackRead read(std::span<const std::byte> input, Arena& arena);

    /// How long the input must at least be for the next call to get on.
    std::size_t bytes_wanted() const noexcept { return scan_.bytes_wanted(); }
    /// Of the last `refused`.
    DecodeError error() const;
    /// Forget the object that was cut, for another stream.
    void reset() noexcept {
        scan_.reset();
        fault_ = MsgpackFault::none;
    }

private:
    MsgpackRead read_scanned(std::span<const std::byte> input, Arena& arena);

    std::string location_of_key(std::span<const std::byte> object) const;
    MsgpackBuilt build(std::span<const std::byte> input, Arena& arena);
    bool is_quick() const noexcept { return quick_bytes_max_ != 0; }

    MsgpackLimits limits_;
    MsgpackText text_;
    std::size_t quick_bytes_max_;
    MsgpackFault fault_ = MsgpackFault::none;
    std::size_t fault_offset_ = 0;
    std::string fault_location_;  // of a key
    MsgpackScan scan_;
};

/// Decode bytes that are exactly one object.
/// err  as the reader's; msgpack_invalid also for an end too early and for bytes after the end
std::expected<Value, DecodeError> msgpack_decode(std::span<const std::byte> input, Arena& arena,
                                                 const MsgpackLimits& limits = {},
                                                 MsgpackText text = MsgpackText::strict);

}  // namespace warren::format
