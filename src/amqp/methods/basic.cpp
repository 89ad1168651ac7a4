#include "amqp/methods/basic.hpp"

#include "amqp/field_table.hpp"

namespace warren::amqp {

void write_arguments(Writer& writer, const BasicQos& method) {
    writer.u32(0);  // prefetch-size: RabbitMQ implements none
    writer.u16(method.prefetch_count);
    writer.u8(pack_bits({method.global}));
}

void write_arguments(Writer& writer, const BasicConsume& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.queue);
    writer.short_string(method.consumer_tag);
    writer.u8(pack_bits({method.no_local, method.no_ack, method.exclusive}));
    write_table(writer, method.arguments);
}

void write_arguments(Writer& writer, const BasicCancel& method) {
    writer.short_string(method.consumer_tag);
    writer.u8(pack_bits({method.nowait}));
}

void write_arguments(Writer& writer, const BasicCancelOk& method) {
    writer.short_string(method.consumer_tag);
}

void write_arguments(Writer& writer, const BasicPublish& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.exchange);
    writer.short_string(method.routing_key);
    writer.u8(pack_bits({method.mandatory}));
}

void write_arguments(Writer& writer, const BasicAck& method) {
    writer.u64(method.delivery_tag);
    writer.u8(pack_bits({method.multiple}));
}

void write_arguments(Writer& writer, const BasicNack& method) {
    writer.u64(method.delivery_tag);
    writer.u8(pack_bits({method.multiple, method.requeue}));
}

BasicConsumeOk read_basic_consume_ok(Reader& reader) noexcept {
    return {.consumer_tag = reader.short_string()};
}

BasicCancel read_basic_cancel(Reader& reader) noexcept {
    BasicCancel method;
    method.consumer_tag = reader.short_string();
    method.nowait = (reader.u8() & 1) != 0;
    return method;
}

BasicCancelOk read_basic_cancel_ok(Reader& reader) noexcept {
    return {.consumer_tag = reader.short_string()};
}

BasicReturn read_basic_return(Reader& reader) noexcept {
    BasicReturn method;
    method.reply_code = reader.u16();
    method.reply_text = reader.short_string();
    method.exchange = reader.short_string();
    method.routing_key = reader.short_string();
    return method;
}

BasicDeliver read_basic_deliver(Reader& reader) noexcept {
    BasicDeliver method;
    method.consumer_tag = reader.short_string();
    method.delivery_tag = reader.u64();
    method.redelivered = (reader.u8() & 1) != 0;
    method.exchange = reader.short_string();
    method.routing_key = reader.short_string();
    return method;
}

BasicAck read_basic_ack(Reader& reader) noexcept {
    BasicAck method;
    method.delivery_tag = reader.u64();
    method.multiple = (reader.u8() & 1) != 0;
    return method;
}

BasicNack read_basic_nack(Reader& reader) noexcept {
    BasicNack method;
    method.delivery_tag = reader.u64();
    const std::uint8_t bits = reader.u8();
    method.multiple = (bits & 1) != 0;
    method.requeue = (bits & 2) != 0;
    return method;
}

}  // namespace warren::amqp
