#include "core/utf8.hpp"
#include "format/pickle/pickle.hpp"
#include "format/pickle/pickle_globals.hpp"
#include "format/pickle/pickle_opcode.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace warren::format {
namespace {

using enum PickleOpcode;
using Kind = PickleValue::Kind;

std::string latin1_as_utf8(std::span<const std::byte> octets) {
    std::string text;
    for (const std::byte octet : octets) {
        const auto character = std::to_integer<unsigned>(octet);
        if (character >= 0x80) {
            text.push_back(static_cast<char>(0xc0 | character >> 6));
            text.push_back(static_cast<char>(0x80 | (character & 0x3f)));
        } else {
            text.push_back(static_cast<char>(character));
        }
    }
    return text;
}

/// Writes without a memo: what is shared is written each time.
class PickleValueWriter {
public:
    PickleValueWriter(int protocol, PickleReader reader, std::string& out) noexcept
        : protocol_{protocol}, reader_{reader}, out_{out} {}

    bool pickle(const PickleValue& value, std::size_t depth_max);
    EncodeError take_error() {
        std::ranges::reverse(error_.location);
        return std::move(error_);
    }

private:
    bool put(const PickleValue& value, std::size_t depth_left);
    bool compound(const PickleValue& value, std::size_t depth_left);
    bool items(std::span<const PickleValue> items, std::size_t depth_left);
    bool members(std::span<const PickleValue> keys_and_values, std::size_t depth_left);
    bool tuple_of(std::span<const PickleValue> tuple_items, std::size_t depth_left);
    bool set_of(const PickleValue& set, std::size_t depth_left);
    bool instance(const PickleValue& instance, std::size_t depth_left);
    bool exception(const PickleValue& exception, std::size_t depth_left);
    bool state_of(const PickleValue& value, std::size_t depth_left);

    void integer(std::int64_t number);
    bool text(std::string_view characters);
    void unicode(std::string_view characters);
    void bytes(std::span<const std::byte> octets);
    void byte_array(std::span<const std::byte> octets);
    void sized(PickleOpcode few, PickleOpcode many, std::span<const std::byte> octets);
    void latin1(std::span<const std::byte> octets, std::string_view codec);
    void global(std::string_view module, std::string_view name);
    std::string_view builtins() const noexcept {
        return protocol_ >= 3 ? "builtins" : "__builtin__";
    }

    void opcode(PickleOpcode code) { out_.push_back(static_cast<char>(code)); }
    template <typename Number>
    void number(Number number) {
        static_assert(std::endian::native == std::endian::little);
        char written[sizeof number];
        std::memcpy(written, &number, sizeof number);
        out_.append(written, sizeof number);
    }
    void append(std::span<const std::byte> octets) {
        out_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    }
    bool refuse(std::string_view type, std::string_view message) {
        error_ = {.message = std::string{message}, .type = type};
        return false;
    }

    int protocol_;
    PickleReader reader_;
    std::string& out_;
    EncodeError error_;
};

bool PickleValueWriter::pickle(const PickleValue& value, std::size_t depth_max) {
    opcode(proto);
    out_.push_back(static_cast<char>(protocol_));
    if (protocol_ < 4) {
        return put(value, depth_max) && (opcode(stop), true);
    }
    opcode(frame);
    const std::size_t length_at = out_.size();
    number(std::uint64_t{0});
    const std::size_t start = out_.size();
    if (!put(value, depth_max)) {
        return false;
    }
    opcode(stop);
    const std::uint64_t size_bytes = out_.size() - start;
    std::memcpy(out_.data() + length_at, &size_bytes, sizeof size_bytes);
    return true;
}

bool PickleValueWriter::put(const PickleValue& value, std::size_t depth_left) {
    switch (value.kind()) {
    case Kind::none:
        opcode(none);
        return true;
    case Kind::boolean:
        opcode(value.as_boolean() ? newtrue : newfalse);
        return true;
    case Kind::integer:
        integer(value.as_integer());
        return true;
    case Kind::big_integer:
        sized(long1, long4, value.as_bytes());
        return true;
    case Kind::float64:
        opcode(binfloat);
        number(std::byteswap(std::bit_cast<std::uint64_t>(value.as_float64())));
        return true;
    case Kind::text:
        return text(value.as_text());
    case Kind::bytes:
        bytes(value.as_bytes());
        return true;
    case Kind::byte_array:
        byte_array(value.as_bytes());
        return true;
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::set:
    case Kind::frozen_set:
    case Kind::instance:
    case Kind::exception:
        break;
    case Kind::callable:
        std::unreachable();
    }
    return depth_left != 0 ? compound(value, depth_left - 1)
                           : refuse("depth_over_limit", "Values are nested too deeply");
}

bool PickleValueWriter::compound(const PickleValue& value, std::size_t depth_left) {
    switch (value.kind()) {
    case Kind::list:
        opcode(empty_list);
        if (!value.items().empty()) {
            opcode(mark);
            return items(value.items(), depth_left) && (opcode(appends), true);
        }
        return true;
    case Kind::tuple:
        return tuple_of(value.items(), depth_left);
    case Kind::dict:
        opcode(empty_dict);
        if (!value.items().empty()) {
            opcode(mark);
            return members(value.items(), depth_left) && (opcode(setitems), true);
        }
        return true;
    case Kind::set:
    case Kind::frozen_set:
        return set_of(value, depth_left);
    case Kind::instance:
        return instance(value, depth_left);
    default:
        return exception(value, depth_left);
    }
}

bool PickleValueWriter::items(std::span<const PickleValue> items, std::size_t depth_left) {
    for (const PickleValue& item : items) {
        if (!put(item, depth_left)) [[unlikely]] {
            error_.location.emplace_back(static_cast<std::size_t>(&item - items.data()));
            return false;
        }
    }
    return true;
}

bool PickleValueWriter::members(std::span<const PickleValue> keys_and_values,
                                std::size_t depth_left) {
    for (std::size_t at = 0; at < keys_and_values.size(); at += 2) {
        const PickleValue& key = keys_and_values[at];
        if (!put(key, depth_left) || !put(keys_and_values[at + 1], depth_left)) [[unlikely]] {
            error_.location.emplace_back(key.is(Kind::text) ? core::text_for_display(key.as_text())
                                                            : std::string{name_of(key.kind())});
            return false;
        }
    }
    return true;
}

bool PickleValueWriter::tuple_of(std::span<const PickleValue> tuple_items, std::size_t depth_left) {
    constexpr PickleOpcode of_few[] = {empty_tuple, tuple1, tuple2, tuple3};
    const bool few = tuple_items.size() < std::size(of_few);
    if (!few) {
        opcode(mark);
    }
    if (!items(tuple_items, depth_left)) {
        return false;
    }
    opcode(few ? of_few[tuple_items.size()] : tuple);
    return true;
}

bool PickleValueWriter::set_of(const PickleValue& set, std::size_t depth_left) {
    const bool frozen = set.is(Kind::frozen_set);
    if (protocol_ >= 4) {
        if (!frozen) {
            opcode(empty_set);
        }
        opcode(mark);
        return items(set.items(), depth_left) && (opcode(frozen ? frozenset : additems), true);
    }
    global(builtins(), frozen ? "frozenset" : "set");
    opcode(empty_list);
    opcode(mark);
    if (!items(set.items(), depth_left)) {
        return false;
    }
    opcode(appends);
    opcode(tuple1);
    opcode(reduce);
    return true;
}

bool PickleValueWriter::instance(const PickleValue& instance, std::size_t depth_left) {
    global(instance.instance_class().module, instance.instance_class().name);
    opcode(empty_tuple);
    opcode(newobj);
    return state_of(instance, depth_left);
}

bool PickleValueWriter::exception(const PickleValue& exception, std::size_t depth_left) {
    const PickleName name = pickle_exception_name(exception.exception_type(), protocol_, reader_);
    if (name.name.empty()) {
        return refuse("exception_unknown", "An exception's type is not one of Python's own");
    }
    global(name.module, name.name);
    if (!put(exception.items()[1], depth_left)) {
        error_.location.emplace_back("args");
        return false;
    }
    opcode(reduce);
    return state_of(exception, depth_left);
}

bool PickleValueWriter::state_of(const PickleValue& value, std::size_t depth_left) {
    const PickleValue& state = value.state();
    if (state.is(Kind::none) || state.items().empty()) {
        return true;
    }
    return put(state, depth_left) && (opcode(build), true);
}

void PickleValueWriter::integer(std::int64_t value) {
    if (std::in_range<std::uint8_t>(value)) {
        opcode(binint1);
        number(static_cast<std::uint8_t>(value));
    } else if (std::in_range<std::uint16_t>(value)) {
        opcode(binint2);
        number(static_cast<std::uint16_t>(value));
    } else if (std::in_range<std::int32_t>(value)) {
        opcode(binint);
        number(static_cast<std::int32_t>(value));
    } else {
        sized(long1, long4, pickle_shortest(std::as_bytes(std::span{&value, 1})));
    }
}

bool PickleValueWriter::text(std::string_view characters) {
    if (!core::utf8_valid(characters)) [[unlikely]] {
        return refuse("text_not_utf8", "A text is not valid UTF-8");
    }
    if (reader_ == PickleReader::python_2 && core::is_ascii(characters)) {
        sized(short_binstring, binstring, std::as_bytes(std::span{characters}));
    } else {
        unicode(characters);
    }
    return true;
}

void PickleValueWriter::unicode(std::string_view characters) {
    sized(protocol_ >= 4 ? short_binunicode : binunicode, binunicode,
          std::as_bytes(std::span{characters}));
}

void PickleValueWriter::bytes(std::span<const std::byte> octets) {
    if (reader_ == PickleReader::python_2) {
        return sized(short_binstring, binstring, octets);
    }
    if (protocol_ >= 3) {
        return sized(short_binbytes, binbytes, octets);
    }
    if (octets.empty()) {
        global(builtins(), "bytes");
        opcode(empty_tuple);
        opcode(reduce);
    } else {
        global("_codecs", "encode");
        latin1(octets, "latin1");
    }
}

/// Octets behind their number, for which one byte is enough when they are few.
void PickleValueWriter::sized(PickleOpcode few, PickleOpcode many,
                              std::span<const std::byte> octets) {
    if (few != many && octets.size() <= UINT8_MAX) {
        opcode(few);
        number(static_cast<std::uint8_t>(octets.size()));
    } else {
        opcode(many);
        number(static_cast<std::uint32_t>(octets.size()));
    }
    append(octets);
}

void PickleValueWriter::byte_array(std::span<const std::byte> octets) {
    if (protocol_ >= 5) {
        opcode(bytearray8);
        number(std::uint64_t{octets.size()});
        append(octets);
        return;
    }
    global(builtins(), "bytearray");
    if (protocol_ < 3) {
        latin1(octets, "latin-1");
        return;
    }
    bytes(octets);
    opcode(tuple1);
    opcode(reduce);
}

/// The call of what is on the stack with the octets as text, and the codec that makes them octets.
void PickleValueWriter::latin1(std::span<const std::byte> octets, std::string_view codec) {
    unicode(latin1_as_utf8(octets));
    unicode(codec);
    opcode(tuple2);
    opcode(reduce);
}

void PickleValueWriter::global(std::string_view module, std::string_view name) {
    if (protocol_ >= 4) {
        unicode(module);
        unicode(name);
        opcode(stack_global);
        return;
    }
    opcode(PickleOpcode::global);
    out_.append(module).append("\n").append(name).append("\n");
}

}  // namespace

std::expected<void, EncodeError> pickle_encode(const PickleValue& value, int protocol,
                                               std::string& out, std::size_t depth_max,
                                               PickleReader reader) {
    const std::size_t start = out.size();
    PickleValueWriter writer{protocol, reader, out};
    if (!writer.pickle(value, depth_max)) {
        out.resize(start);
        return std::unexpected{writer.take_error()};
    }
    return {};
}

}  // namespace warren::format
