#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <utility>

namespace warren::format {
namespace {

using enum PickleOpcode;

std::string_view characters_of(std::span<const std::byte> octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

std::expected<Pickled, DecodeError> PickleMachine::run() {
    if (input_.size() > std::min(limits_.bytes_max, Value::size_max)) {
        refuse("bytes_over_limit", fmt::format("more than {} bytes", limits_.bytes_max));
        return std::unexpected{std::move(error_)};
    }
    for (;;) {
        opcode_at_ = at_;
        if (at_ == frame_end_) {
            frame_end_ = 0;
        }
        std::uint8_t opcode = 0;
        if (!take_number(opcode)) {
            return std::unexpected{std::move(error_)};
        }
        if (static_cast<PickleOpcode>(opcode) == stop) {
            break;
        }
        if (!step(static_cast<PickleOpcode>(opcode))) {
            return std::unexpected{std::move(error_)};
        }
    }
    PickleValue root;
    if (at_ != input_.size()) {
        refuse_at(at_, "pickle_invalid", "something follows the end");
    } else if (pop(root) &&
               (stack_.empty() && marks_.empty() ? check(root)
                                                 : invalid("values are left when it ends"))) {
        return Pickled{.value = root, .protocol = protocol_};
    }
    return std::unexpected{std::move(error_)};
}

// NOLINTNEXTLINE(readability-function-size): a case for each opcode
bool PickleMachine::step(PickleOpcode opcode) {
    switch (opcode) {
    case none:
    case newtrue:
    case newfalse:
    case binint:
    case binint1:
    case binint2:
    case binfloat:
    case int_line:
    case long_line:
    case float_line:
    case string_line:
    case unicode_line:
        return literal(opcode);
    case long1:
    case long4:
    case binstring:
    case short_binstring:
    case binunicode:
    case short_binunicode:
    case binunicode8:
    case binbytes:
    case short_binbytes:
    case binbytes8:
    case bytearray8:
        return octets(opcode);
    case PickleOpcode::mark:
    case PickleOpcode::pop:
    case pop_mark:
    case dup:
    case empty_list:
    case list:
    case append:
    case appends:
    case empty_tuple:
    case tuple:
    case tuple1:
    case tuple2:
    case tuple3:
    case empty_dict:
    case dict:
    case setitem:
    case setitems:
    case empty_set:
    case additems:
    case frozenset:
        return collection(opcode);
    case put:
    case binput:
    case long_binput:
    case memoize:
    case get:
    case binget:
    case long_binget:
        return memo(opcode);
    case PickleOpcode::global: {
        std::string_view module;
        std::string_view name;
        return take_line(module) && take_line(name) && global(module, name);
    }
    case PickleOpcode::stack_global:
        return stack_global();
    case PickleOpcode::reduce:
        return reduce();
    case PickleOpcode::newobj:
        return newobj();
    case PickleOpcode::inst:
        return inst();
    case PickleOpcode::obj:
        return obj();
    case PickleOpcode::build:
        return build();
    case PickleOpcode::proto:
        return proto();
    case PickleOpcode::frame:
        return frame();
    case persid:
    case binpersid:
        return refuse_opcode("a persistent id");
    case ext1:
    case ext2:
    case ext4:
        return refuse_opcode("the extension registry");
    case newobj_ex:
        return refuse_opcode("NEWOBJ_EX");
    case next_buffer:
    case readonly_buffer:
        return refuse_opcode("an out-of-band buffer");
    case stop:
        break;
    }
    return invalid(fmt::format("the opcode {:02x} is unknown", static_cast<unsigned>(opcode)));
}

bool PickleMachine::literal(PickleOpcode opcode) {
    std::string_view line;
    switch (opcode) {
    case newtrue:
    case newfalse:
        return push(PickleValue::boolean(opcode == newtrue));
    case binint: {
        std::int32_t number = 0;
        return take_number(number) && push(PickleValue::integer(std::int64_t{number}));
    }
    case binint1: {
        std::uint8_t number = 0;
        return take_number(number) && push(PickleValue::integer(std::int64_t{number}));
    }
    case binint2: {
        std::uint16_t number = 0;
        return take_number(number) && push(PickleValue::integer(std::int64_t{number}));
    }
    case binfloat: {
        std::uint64_t bits = 0;
        return take_number(bits) &&
               push(PickleValue::floating(std::bit_cast<double>(std::byteswap(bits))));
    }
    case int_line:
        if (!take_line(line)) {
            return false;
        }
        return line == "00" || line == "01" ? push(PickleValue::boolean(line == "01"))
                                            : integer_line(line);
    case long_line:
        return take_line(line) &&
               integer_line(line.ends_with('L') ? line.substr(0, line.size() - 1) : line);
    case float_line:
        return take_line(line) && number_line(line);
    case string_line:
        return take_line(line) && string_of_2_line(line);
    case unicode_line:
        return take_line(line) && text_line(line);
    default:
        return push(PickleValue::none());
    }
}

bool PickleMachine::octets(PickleOpcode opcode) {
    std::span<const std::byte> taken;
    switch (opcode) {
    case long1:
        return take_sized<std::uint8_t>(taken) && integer_bytes(taken);
    case long4:
        return take_sized<std::int32_t>(taken) && integer_bytes(taken);
    case binstring:
        return take_sized<std::int32_t>(taken) && string_of_2(taken);
    case short_binstring:
        return take_sized<std::uint8_t>(taken) && string_of_2(taken);
    case binunicode:
        return take_sized<std::uint32_t>(taken) && text(taken);
    case short_binunicode:
        return take_sized<std::uint8_t>(taken) && text(taken);
    case binunicode8:
        return take_sized<std::uint64_t>(taken) && text(taken);
    case binbytes:
        return take_sized<std::uint32_t>(taken) && push(PickleValue::bytes(taken));
    case short_binbytes:
        return take_sized<std::uint8_t>(taken) && push(PickleValue::bytes(taken));
    case binbytes8:
        return take_sized<std::uint64_t>(taken) && push(PickleValue::bytes(taken));
    default:
        return take_sized<std::uint64_t>(taken) && push(PickleValue::byte_array(taken));
    }
}

bool PickleMachine::collection(PickleOpcode opcode) {
    switch (opcode) {
    case PickleOpcode::mark:
        return mark();
    case PickleOpcode::pop:
        return pop_or_unmark();
    case pop_mark: {
        Items items;
        return since_mark(items) && (drop_since_mark(), true);
    }
    case dup: {
        PickleValue value;
        return peek(value) && push(value);
    }
    case empty_list:
        return make(Kind::list, 0);
    case list:
        return make_since_mark(Kind::list);
    case append:
        return add(Kind::list, 1);
    case appends:
        return add_since_mark(Kind::list);
    case empty_tuple:
        return make(Kind::tuple, 0);
    case tuple1:
        return make(Kind::tuple, 1);
    case tuple2:
        return make(Kind::tuple, 2);
    case tuple3:
        return make(Kind::tuple, 3);
    case tuple:
        return make_since_mark(Kind::tuple);
    case empty_dict:
        return make(Kind::dict, 0);
    case dict:
        return make_since_mark(Kind::dict);
    case setitem:
        return add(Kind::dict, 2);
    case setitems:
        return add_since_mark(Kind::dict);
    case empty_set:
        return make(Kind::set, 0);
    case additems:
        return add_since_mark(Kind::set);
    default:
        return make_since_mark(Kind::frozen_set);
    }
}

bool PickleMachine::memo(PickleOpcode opcode) {
    std::uint8_t short_index = 0;
    std::uint32_t long_index = 0;
    std::string_view line;
    switch (opcode) {
    case binput:
        return take_number(short_index) && remember(short_index);
    case long_binput:
        return take_number(long_index) && remember(long_index);
    case memoize:
        return remember(memo_.size());
    case put:
        return take_line(line) && index_of(line, long_index) && remember(long_index);
    case binget:
        return take_number(short_index) && recall(short_index);
    case long_binget:
        return take_number(long_index) && recall(long_index);
    default:
        return take_line(line) && index_of(line, long_index) && recall(long_index);
    }
}

bool PickleMachine::proto() {
    std::uint8_t protocol = 0;
    if (!take_number(protocol)) {
        return false;
    }
    if (opcode_at_ != 0) {
        return invalid("the protocol is said again");
    }
    protocol_ = protocol;
    return protocol <= pickle_protocol_max ||
           invalid(fmt::format("protocol {}, of which nothing is known here", protocol));
}

/// A frame says how many bytes of whole opcodes follow.                            [PEP 3154]
bool PickleMachine::frame() {
    std::uint64_t size_bytes = 0;
    if (!take_number(size_bytes)) {
        return false;
    }
    if (frame_end_ != 0) {
        return invalid("a frame in a frame");
    }
    if (size_bytes == 0 || size_bytes > input_.size() - at_) {
        return invalid("the frame's length is wrong");
    }
    frame_end_ = at_ + static_cast<std::size_t>(size_bytes);
    return true;
}

bool PickleMachine::take_line(std::string_view& line) {
    const std::size_t end = frame_end_ != 0 ? frame_end_ : input_.size();
    const std::string_view rest = characters_of(input_.subspan(at_, end - at_));
    const std::size_t size_bytes = rest.find('\n');
    std::span<const std::byte> taken;
    if (!take(size_bytes == std::string_view::npos ? rest.size() + 1 : size_bytes + 1, taken)) {
        return false;
    }
    line = rest.substr(0, size_bytes);
    return true;
}

template <typename Number>
bool PickleMachine::take_number(Number& number) {
    static_assert(std::endian::native == std::endian::little);
    std::span<const std::byte> taken;
    if (!take(sizeof number, taken)) {
        return false;
    }
    std::memcpy(&number, taken.data(), sizeof number);
    return true;
}

template <typename Length>
bool PickleMachine::take_sized(std::span<const std::byte>& taken) {
    Length length = 0;
    if (!take_number(length)) {
        return false;
    }
    if constexpr (std::signed_integral<Length>) {
        if (length < 0) {
            return invalid("a negative length");
        }
    }
    return take(static_cast<std::uint64_t>(length), taken);
}

std::expected<Pickled, DecodeError> pickle_decode(std::span<const std::byte> input, Arena& arena,
                                                  const PickleLimits& limits,
                                                  std::span<const PickleClass> classes) {
    return PickleMachine{input, arena, limits, classes}.run();
}

}  // namespace warren::format
