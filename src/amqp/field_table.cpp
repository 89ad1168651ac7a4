#include "amqp/field_table.hpp"

#include "core/utf8.hpp"

#include <bit>
#include <cmath>
#include <concepts>
#include <type_traits>

namespace warren::amqp {

namespace {

using Decoded = std::expected<Value, TableError>;

// The letters are RabbitMQ's; where the grammar of the specification has another letter that
// RabbitMQ leaves free (U, L), it is taken too.                 [4.2.5.5; RabbitMQ errata 3]
enum class Tag : std::uint8_t {
    boolean = 't',
    int8 = 'b',
    uint8 = 'B',
    int16 = 's',
    int16_of_grammar = 'U',
    uint16 = 'u',
    int32 = 'I',
    uint32 = 'i',
    int64 = 'l',
    int64_of_grammar = 'L',
    float32 = 'f',
    float64 = 'd',
    decimal = 'D',
    long_string = 'S',
    byte_array = 'x',
    array = 'A',
    timestamp = 'T',
    table = 'F',
    nothing = 'V',
};

template <std::unsigned_integral Unsigned>
Value signed_integer(Unsigned number) noexcept {
    return Value::integer(static_cast<std::make_signed_t<Unsigned>>(number));
}

/// How many bytes a value takes behind its tag; nested tables are not looked into.
std::expected<std::size_t, TableError> value_bytes(Tag tag, Reader rest) noexcept {
    switch (tag) {
    case Tag::nothing:
        return 0;
    case Tag::boolean:
    case Tag::int8:
    case Tag::uint8:
        return 1;
    case Tag::int16:
    case Tag::int16_of_grammar:
    case Tag::uint16:
        return 2;
    case Tag::int32:
    case Tag::uint32:
    case Tag::float32:
        return 4;
    case Tag::decimal:
        return 5;
    case Tag::int64:
    case Tag::int64_of_grammar:
    case Tag::float64:
    case Tag::timestamp:
        return 8;
    case Tag::long_string:
    case Tag::byte_array:
    case Tag::array:
    case Tag::table:
        return 4 + std::size_t{rest.u32()};
    }
    return std::unexpected{TableError::unknown_tag};
}

enum class Keys : std::uint8_t { none, short_strings };

class TableDecoder {
public:
    TableDecoder(Arena& arena, const TableLimits& limits) noexcept
        : arena_{arena}, limits_{limits} {}

    Decoded table(std::span<const std::byte> content, std::size_t depth) {
        const auto count = entries(content, Keys::short_strings, depth);
        if (!count) {
            return std::unexpected{count.error()};
        }
        const std::span<Member> members = arena_.array<Member>(*count);
        Reader reader{content};
        for (std::size_t index = 0; index != members.size(); ++index) {
            const std::string_view key = reader.short_string();
            if (Value::map(members.first(index)).find(key) != nullptr) {
                return std::unexpected{TableError::duplicate_key};
            }
            const Decoded decoded = value(reader, depth);
            if (!decoded) {
                return decoded;
            }
            members[index] = {Value::text(key), *decoded};
        }
        return Value::map(members);
    }

private:
    Decoded array(std::span<const std::byte> content, std::size_t depth) {
        const auto count = entries(content, Keys::none, depth);
        if (!count) {
            return std::unexpected{count.error()};
        }
        const std::span<Value> items = arena_.array<Value>(*count);
        Reader reader{content};
        for (Value& item : items) {
            const Decoded decoded = value(reader, depth);
            if (!decoded) {
                return decoded;
            }
            item = *decoded;
        }
        return Value::list(items);
    }

    /// Walk over one table or array without going into it, so that everything is known to fit
    /// before memory is taken.
    std::expected<std::size_t, TableError> entries(std::span<const std::byte> content, Keys keys,
                                                   std::size_t depth) const noexcept {
        if (depth > limits_.depth_max) {
            return std::unexpected{TableError::depth_over_limit};
        }
        std::size_t count = 0;
        for (Reader reader{content}; !reader.rest().empty(); ++count) {
            if (count == limits_.entries_max) {
                return std::unexpected{TableError::entries_over_limit};
            }
            if (keys == Keys::short_strings) {
                reader.short_string();
            }
            const auto tag = static_cast<Tag>(reader.u8());
            if (reader.failed()) {
                return std::unexpected{TableError::truncated};
            }
            const auto bytes = value_bytes(tag, reader);
            if (!bytes) {
                return std::unexpected{bytes.error()};
            }
            reader.take(*bytes);
            if (reader.failed()) {
                return std::unexpected{TableError::truncated};
            }
        }
        return count;
    }

    /// in   a tag and a value that `entries` has walked over
    Decoded value(Reader& reader, std::size_t depth) {
        switch (static_cast<Tag>(reader.u8())) {
        case Tag::nothing:
            return Value::null();
        case Tag::boolean:
            return Value::boolean(reader.u8() != 0);
        case Tag::int8:
            return signed_integer(reader.u8());
        case Tag::uint8:
            return Value::integer(reader.u8());
        case Tag::int16:
        case Tag::int16_of_grammar:
            return signed_integer(reader.u16());
        case Tag::uint16:
            return Value::integer(reader.u16());
        case Tag::int32:
            return signed_integer(reader.u32());
        case Tag::uint32:
            return Value::integer(reader.u32());
        case Tag::int64:
        case Tag::int64_of_grammar:
            return signed_integer(reader.u64());
        case Tag::timestamp:
            return Value::unsigned_integer(reader.u64());
        case Tag::float32:
            return Value::floating(std::bit_cast<float>(reader.u32()));
        case Tag::float64:
            return Value::floating(std::bit_cast<double>(reader.u64()));
        case Tag::decimal: {
            const std::uint8_t digits = reader.u8();
            return Value::floating(reader.u32() / std::pow(10.0, digits));
        }
        case Tag::long_string:
            return text_or_bytes(reader.long_string());
        case Tag::byte_array:
            return Value::bytes(reader.take(reader.u32()));
        case Tag::array:
            return array(reader.take(reader.u32()), depth + 1);
        case Tag::table:
            return table(reader.take(reader.u32()), depth + 1);
        }
        return std::unexpected{TableError::unknown_tag};
    }

    static Value text_or_bytes(std::string_view characters) noexcept {
        return core::utf8_valid(characters) ? Value::text(characters)
                                            : Value::bytes(std::as_bytes(std::span{characters}));
    }

    Arena& arena_;
    const TableLimits& limits_;
};

void write_value(Writer& writer, const Value& value, std::size_t depth);

/// Write what `content` writes, its length in bytes first.
template <typename Content>
void write_sized(Writer& writer, Content content) {
    const std::size_t length_position = writer.position();
    writer.u32(0);
    content();
    const std::size_t length = writer.position() - length_position - 4;
    writer.patch(length_position, static_cast<std::uint32_t>(length));
}

void write_members(Writer& writer, std::span<const Member> members, std::size_t depth) {
    write_sized(writer, [&] {
        for (const Member& member : members) {
            if (!member.key.is_text()) {
                return writer.fail(CommandError::not_encodable);
            }
            writer.short_string(member.key.as_text());
            write_value(writer, member.value, depth);
        }
    });
}

void write_integer(Writer& writer, std::int64_t number) {
    if (number == static_cast<std::int32_t>(number)) {
        writer.u8(static_cast<std::uint8_t>(Tag::int32));
        writer.u32(static_cast<std::uint32_t>(number));
    } else {
        writer.u8(static_cast<std::uint8_t>(Tag::int64));
        writer.u64(static_cast<std::uint64_t>(number));
    }
}

void write_value(Writer& writer, const Value& value, std::size_t depth) {
    if (depth > table_depth_max) {
        return writer.fail(CommandError::not_encodable);
    }
    const auto tag = [&](Tag letter) { writer.u8(static_cast<std::uint8_t>(letter)); };
    switch (value.kind()) {
    case Value::Kind::null:
        return tag(Tag::nothing);
    case Value::Kind::boolean:
        tag(Tag::boolean);
        return writer.u8(value.as_boolean() ? 1 : 0);
    case Value::Kind::int64:
        return write_integer(writer, value.as_int64());
    case Value::Kind::uint64:
        // RabbitMQ knows no unsigned 64-bit type, and a float would be another number.
        return writer.fail(CommandError::not_encodable);
    case Value::Kind::float64:
        tag(Tag::float64);
        return writer.u64(std::bit_cast<std::uint64_t>(value.as_float64()));
    case Value::Kind::text:
        tag(Tag::long_string);
        return writer.long_string(value.as_text());
    case Value::Kind::bytes:
        tag(Tag::byte_array);
        return writer.long_string(Reader::text(value.as_bytes()));
    case Value::Kind::list:
        tag(Tag::array);
        return write_sized(writer, [&] {
            for (const Value& item : value.as_list()) {
                write_value(writer, item, depth + 1);
            }
        });
    case Value::Kind::map:
        tag(Tag::table);
        return write_members(writer, value.as_map(), depth + 1);
    }
}

}  // namespace

std::string_view name_of(TableError error) noexcept {
    switch (error) {
    case TableError::truncated:
        return "truncated";
    case TableError::unknown_tag:
        return "unknown_tag";
    case TableError::duplicate_key:
        return "duplicate_key";
    case TableError::length_over_limit:
        return "length_over_limit";
    case TableError::depth_over_limit:
        return "depth_over_limit";
    case TableError::entries_over_limit:
        return "entries_over_limit";
    }
    return "unknown";
}

std::expected<Value, TableError> decode_table(std::span<const std::byte> input, Arena& arena,
                                              const TableLimits& limits) {
    Reader reader{input};
    const std::span<const std::byte> content = reader.take(reader.u32());
    if (reader.failed()) {
        return std::unexpected{TableError::truncated};
    }
    if (content.size() > limits.bytes_max) {
        return std::unexpected{TableError::length_over_limit};
    }
    return TableDecoder{arena, limits}.table(content, 1);
}

void write_table(Writer& writer, const Value& table) {
    if (!table.is_map() && !table.is_null()) {
        return writer.fail(CommandError::not_encodable);
    }
    write_members(writer, table.is_map() ? table.as_map() : std::span<const Member>{}, 1);
}

}  // namespace warren::amqp
