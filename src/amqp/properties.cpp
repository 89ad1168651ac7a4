#include "amqp/properties.hpp"

#include "amqp/field_table.hpp"

namespace warren::amqp {

namespace {

// One bit per property, the first one highest. Bit 0 would announce another word of flags, which no
// property of the class basic needs; bit 1 is no property.                   [AMQP 0-9-1 4.2.6.1]
enum Flag : std::uint16_t {
    flag_content_type = 1 << 15,
    flag_content_encoding = 1 << 14,
    flag_headers = 1 << 13,
    flag_delivery_mode = 1 << 12,
    flag_priority = 1 << 11,
    flag_correlation_id = 1 << 10,
    flag_reply_to = 1 << 9,
    flag_expiration = 1 << 8,
    flag_message_id = 1 << 7,
    flag_timestamp = 1 << 6,
    flag_type = 1 << 5,
    flag_user_id = 1 << 4,
    flag_app_id = 1 << 3,
    flag_cluster_id = 1 << 2,
    flags_unknown = 0b11,
};

}  // namespace

void read_properties(Reader& reader, BasicProperties& properties) noexcept {
    const std::uint16_t flags = reader.u16();
    if ((flags & flags_unknown) != 0) {
        reader.fail();
        return;
    }
    const auto text = [&](Flag flag, std::optional<std::string_view>& property) {
        if ((flags & flag) != 0) {
            property = reader.short_string();
        }
    };
    text(flag_content_type, properties.content_type);
    text(flag_content_encoding, properties.content_encoding);
    if ((flags & flag_headers) != 0) {
        properties.headers = reader.table();
    }
    if ((flags & flag_delivery_mode) != 0) {
        properties.delivery_mode = reader.u8();
    }
    if ((flags & flag_priority) != 0) {
        properties.priority = reader.u8();
    }
    text(flag_correlation_id, properties.correlation_id);
    text(flag_reply_to, properties.reply_to);
    text(flag_expiration, properties.expiration);
    text(flag_message_id, properties.message_id);
    if ((flags & flag_timestamp) != 0) {
        properties.timestamp = reader.u64();
    }
    text(flag_type, properties.type);
    text(flag_user_id, properties.user_id);
    text(flag_app_id, properties.app_id);
    text(flag_cluster_id, properties.cluster_id);
}

void write_properties(Writer& writer, const BasicProperties& properties, const Value& headers) {
    const std::size_t flags_position = writer.position();
    std::uint16_t flags = 0;
    writer.u16(0);
    const auto set = [&](Flag flag) { flags = static_cast<std::uint16_t>(flags | flag); };
    const auto text = [&](Flag flag, const std::optional<std::string_view>& property) {
        if (property) {
            set(flag);
            writer.short_string(*property);
        }
    };
    const auto octet = [&](Flag flag, const std::optional<std::uint8_t>& property) {
        if (property) {
            set(flag);
            writer.u8(*property);
        }
    };
    text(flag_content_type, properties.content_type);
    text(flag_content_encoding, properties.content_encoding);
    if (!headers.is_null()) {
        set(flag_headers);
        write_table(writer, headers);
    } else if (properties.headers) {
        set(flag_headers);
        writer.octets(*properties.headers);
    }
    octet(flag_delivery_mode, properties.delivery_mode);
    octet(flag_priority, properties.priority);
    text(flag_correlation_id, properties.correlation_id);
    text(flag_reply_to, properties.reply_to);
    text(flag_expiration, properties.expiration);
    text(flag_message_id, properties.message_id);
    if (properties.timestamp) {
        set(flag_timestamp);
        writer.u64(*properties.timestamp);
    }
    text(flag_type, properties.type);
    text(flag_user_id, properties.user_id);
    text(flag_app_id, properties.app_id);
    text(flag_cluster_id, properties.cluster_id);
    writer.patch(flags_position, flags);
}

}  // namespace warren::amqp
