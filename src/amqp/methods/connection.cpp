#include "amqp/methods/connection.hpp"

#include "amqp/field_table.hpp"

namespace warren::amqp {

void write_arguments(Writer& writer, const ConnectionStartOk& method) {
    write_table(writer, method.client_properties);
    writer.short_string(method.mechanism);
    writer.long_string(method.response);
    writer.short_string(method.locale);
}

void write_arguments(Writer& writer, const ConnectionTuneOk& method) {
    writer.u16(method.channel_max);
    writer.u32(method.frame_max);
    writer.u16(method.heartbeat);
}

void write_arguments(Writer& writer, const ConnectionOpen& method) {
    writer.short_string(method.virtual_host);
    writer.short_string("");  // reserved-1
    writer.u8(0);             // reserved-2
}

void write_arguments(Writer& writer, const Close& method) {
    writer.u16(method.reply_code);
    writer.short_string(method.reply_text);
    writer.u16(method.class_id);
    writer.u16(method.method_id);
}

void write_arguments(Writer& writer, const ConnectionUpdateSecret& method) {
    writer.long_string(method.secret);
    writer.short_string(method.reason);
}

ConnectionStart read_connection_start(Reader& reader) noexcept {
    ConnectionStart method;
    method.version_major = reader.u8();
    method.version_minor = reader.u8();
    method.server_properties = reader.table();
    method.mechanisms = reader.long_string();
    method.locales = reader.long_string();
    return method;
}

ConnectionTune read_connection_tune(Reader& reader) noexcept {
    ConnectionTune method;
    method.channel_max = reader.u16();
    method.frame_max = reader.u32();
    method.heartbeat = reader.u16();
    return method;
}

ConnectionBlocked read_connection_blocked(Reader& reader) noexcept {
    return {.reason = reader.short_string()};
}

Close read_close(Reader& reader) noexcept {
    Close method;
    method.reply_code = reader.u16();
    method.reply_text = reader.short_string();
    method.class_id = reader.u16();
    method.method_id = reader.u16();
    return method;
}

}  // namespace warren::amqp
