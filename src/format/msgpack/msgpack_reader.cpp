#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_build.hpp"
#include "format/msgpack/msgpack_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace warren::format {
namespace {

using State = MsgpackScan::State;

DecodeError explain(MsgpackFault fault, std::size_t offset, const MsgpackLimits& limits) {
    std::string why;
    std::string_view type;
    switch (fault) {
    case MsgpackFault::none:
        why = "nothing is wrong";
        break;
    case MsgpackFault::never_used_byte:
        why = "the byte c1 starts no object";
        type = "msgpack_invalid";
        break;
    case MsgpackFault::depth_over_limit:
        why = fmt::format("nested deeper than {} levels (nesting_depth_max)", limits.depth_max);
        type = "depth_over_limit";
        break;
    case MsgpackFault::count_over_limit:
        why = fmt::format("more than {} values (value_count_max)", limits.value_count_max);
        type = "count_over_limit";
        break;
    case MsgpackFault::bytes_over_limit:
        why = fmt::format("more than {} bytes (body_bytes_max)", limits.bytes_max);
        type = "bytes_over_limit";
        break;
    case MsgpackFault::text_not_utf8:
        why = "malformed UTF-8";
        type = "text_not_utf8";
        break;
    case MsgpackFault::key_twice:
        why = "a key stands twice in one map";
        type = "key_twice";
        break;
    case MsgpackFault::key_not_text:
        why = "a key of a map is no text";
        type = "key_not_text";
        break;
    case MsgpackFault::timestamp:
        why = "a time stamp; times are sent as text";
        type = "timestamp_unsupported";
        break;
    case MsgpackFault::extension:
        why = "an extension";
        type = "extension_unsupported";
        break;
    }
    return {.offset = offset,
            .message = fmt::format("Invalid MessagePack at byte {}: {}", offset, why),
            .type = type};
}

}  // namespace

MsgpackRead MsgpackReader::read(std::span<const std::byte> input, Arena& arena) {
    // Most objects come whole. What does not is scanned from then on, and built once it is whole,
    // so that building never starts anew with each piece.
    if (!scan_.started()) [[likely]] {
        const MsgpackBuilt built = build(
            is_quick() ? input.first(std::min(input.size(), quick_bytes_max_)) : input, arena);
        if (built.state == State::complete) [[likely]] {
            return {.state = State::complete, .size_bytes = built.offset, .value = built.value};
        }
    }
    return read_scanned(input, arena);
}

/// out  `need_more` where a quick reader finds no room
MsgpackBuilt MsgpackReader::build(std::span<const std::byte> input, Arena& arena) {
    try {
        return msgpack_build(input, arena, limits_, text_);
    } catch (const std::bad_alloc&) {
        if (!is_quick()) {
            throw;
        }
        return {};
    }
}

MsgpackRead MsgpackReader::read_scanned(std::span<const std::byte> input, Arena& arena) {
    switch (scan_.resume(input)) {
    case State::need_more:
        return {};
    case State::refused:
        fault_location_.clear();
        fault_ = scan_.fault();
        fault_offset_ = scan_.offset();
        return {.state = State::refused};
    case State::complete:
        break;
    }
    const std::size_t size_bytes = scan_.offset();
    scan_.reset();
    const MsgpackBuilt built = is_quick() && size_bytes > quick_bytes_max_
                                   ? MsgpackBuilt{}
                                   : build(input.first(size_bytes), arena);
    if (built.state == State::complete) {
        return {.state = State::complete, .size_bytes = size_bytes, .value = built.value};
    }
    if (built.state == State::need_more) {
        return {.state = State::complete, .size_bytes = size_bytes, .is_unread = true};
    }
    fault_ = built.fault;
    fault_offset_ = built.offset;
    fault_location_.clear();
    if (fault_ == MsgpackFault::key_twice || fault_ == MsgpackFault::key_not_text) {
        fault_location_ = location_of_key(input.first(size_bytes));
    }
    return {.state = State::refused, .size_bytes = size_bytes};
}

/// Which key is wrong, and where, for people.
std::string MsgpackReader::location_of_key(std::span<const std::byte> object) const {
    MsgpackLimits lenient = limits_;
    lenient.text_keys = lenient.unique_keys = false;
    Arena arena;
    const MsgpackBuilt built = msgpack_build(object, arena, lenient, text_);
    return built.state == State::complete
               ? msgpack_wrong_key(built.value, limits_.text_keys).value_or("")
               : std::string{};
}

DecodeError MsgpackReader::error() const {
    DecodeError error = explain(fault_, fault_offset_, limits_);
    error.message += fault_location_;
    return error;
}

std::expected<Value, DecodeError> msgpack_decode(std::span<const std::byte> input, Arena& arena,
                                                 const MsgpackLimits& limits, MsgpackText text) {
    const auto invalid = [](std::size_t offset, std::string_view why) {
        return std::unexpected{
            DecodeError{.offset = offset,
                        .message = fmt::format("Invalid MessagePack at byte {}: {}", offset, why),
                        .type = "msgpack_invalid"}};
    };
    MsgpackReader reader{limits, text};
    const MsgpackRead read = reader.read(input, arena);
    switch (read.state) {
    case State::need_more:
        return invalid(input.size(), "the object ends too early");
    case State::refused:
        return std::unexpected{reader.error()};
    case State::complete:
        break;
    }
    if (read.size_bytes != input.size()) {
        return invalid(read.size_bytes, "something follows the end of the object");
    }
    return read.value;
}

}  // namespace warren::format
