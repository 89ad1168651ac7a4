#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"
#include "format/pickle/pickle_value.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace warren::format {

struct PickleLimits {
    std::size_t bytes_max = core::Limits{}.body_bytes_max;  // of the whole pickle
    // Of lists, tuples, dicts, sets, instances, their states and exceptions; a bare scalar has 0.
    std::size_t depth_max = core::Limits{}.nesting_depth_max;
    // Values with everything in them, keys too; what stands in two places counts twice.
    std::size_t value_count_max = core::Limits{}.value_count_max;
    std::size_t text_bytes_max = 4 * core::Limits{}.body_bytes_max;  // all text and bytes in these
    std::size_t memo_count_max = core::Limits{}.value_count_max;
    std::size_t integer_bytes_max = 1024;

    static constexpr PickleLimits of(const core::Limits& limits) noexcept {
        return {.bytes_max = limits.body_bytes_max,
                .depth_max = limits.nesting_depth_max,
                .value_count_max = limits.value_count_max,
                .text_bytes_max = 4 * limits.body_bytes_max,
                .memo_count_max = limits.value_count_max};
    }
};

inline constexpr int pickle_protocol_min = 2;  // to write; any up to the maximum is read
inline constexpr int pickle_protocol_max = 5;
inline constexpr int pickle_protocol_default = 4;  // what Python 3.8 and later write

struct Pickled {
    PickleValue value{};
    int protocol = 0;  // as the pickle says; 0 when it says nothing, as those of 0 and 1

    /// The protocol to answer in.
    constexpr int reply_protocol() const noexcept {
        return protocol < pickle_protocol_min ? pickle_protocol_min : protocol;
    }
};

/// Read Python's pickle, of protocol 0 to 5, as data: nothing is ever imported, called or run.
///
/// Of what a pickle may name by module these are known, and each only in the way that Python writes
/// it: the caller's classes with a dict as state, Python's own exceptions with a tuple of args, and
/// what stands for bytes, bytearray and sets in older protocols. A `str` of Python 2 is text when
/// it is UTF-8, and otherwise bytes.
/// in   exactly one pickle
/// out  a value viewing `input`, `arena` and `classes`, without cycles and within the limits, also
///      for who walks over it without seeing which parts are shared
/// err  pickle_global_refused  another global, by name; or one that is not used as above
///      pickle_opcode_refused  persistent ids, the extension registry, out-of-band buffers,
///                             NEWOBJ_EX, and building what is none of the above
///      pickle_cycle           a value that is a part of itself
///      pickle_invalid         anything else that Python would not read: an end too early,
///                             something after the end, an unknown opcode, a wrong frame
///      bytes_over_limit | depth_over_limit | count_over_limit | memo_over_limit |
///      int_over_limit | text_not_utf8
/// cost O(bytes), no recursion; memory only for bytes that are there      throws nothing but
///      std::bad_alloc                                                    thread any
std::expected<Pickled, DecodeError> pickle_decode(std::span<const std::byte> input, Arena& arena,
                                                  const PickleLimits& limits = {},
                                                  std::span<const PickleClass> classes = {});

/// Who reads a pickle, as far as it matters.
enum class PickleReader : std::uint8_t {
    python_3,
    python_2,  // of protocol 2: a text of ASCII and bytes are a `str` there, any other text unicode
};

/// Append a value as a pickle that Python reads as equal.
/// in   protocol: 2 to 5. In 2 the modules and exceptions are named as Python 2 did, and as Python
///      3 does for it: a TimeoutError is an OSError there. What Python 2 had nothing for is an
///      Exception for it.
/// err  text_not_utf8 | depth_over_limit | exception_unknown (a type that is not Python's own);
///      `out` is as it was before
/// cost O(bytes), stack O(depth_max)                                      thread any
std::expected<void, EncodeError> pickle_encode(
    const PickleValue& value, int protocol, std::string& out,
    std::size_t depth_max = core::Limits{}.nesting_depth_max,
    PickleReader reader = PickleReader::python_3);

/// What Python's value is to models and handlers: tuples and sets are lists, a bytearray is bytes,
/// and an exception is a map of its `type` and `args`.
/// in   as decoded, so that the limits hold for what comes out
/// out  a value viewing what `value` views, and `arena`
/// err  key_not_text | key_twice | int_out_of_range (neither int64 nor uint64) | instance_nested
/// cost O(values), stack O(depth of the value)                            thread any
std::expected<Value, EncodeError> pickle_to_value(const PickleValue& value, Arena& arena);

/// A list is a list and a map is a dict, with keys of any kind.
/// out  viewing what `value` views, and `arena`
/// cost O(values), stack O(depth of the value), which decoders and writers limit       thread any
PickleValue pickle_from_value(const Value& value, Arena& arena);

/// Whether an exception of this name can be written.
bool pickle_exception_known(std::string_view type) noexcept;

}  // namespace warren::format
