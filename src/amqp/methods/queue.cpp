#include "amqp/methods/queue.hpp"

#include "amqp/field_table.hpp"

namespace warren::amqp {

void write_arguments(Writer& writer, const QueueDeclare& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.queue);
    writer.u8(pack_bits({method.passive, method.durable, method.exclusive, method.auto_delete}));
    write_table(writer, method.arguments);
}

void write_arguments(Writer& writer, const QueueBind& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.queue);
    writer.short_string(method.exchange);
    writer.short_string(method.routing_key);
    writer.u8(0);  // nowait
    write_table(writer, method.arguments);
}

void write_arguments(Writer& writer, const QueueDelete& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.queue);
    writer.u8(pack_bits({method.if_unused, method.if_empty}));
}

QueueDeclareOk read_queue_declare_ok(Reader& reader) noexcept {
    QueueDeclareOk method;
    method.queue = reader.short_string();
    method.message_count = reader.u32();
    method.consumer_count = reader.u32();
    return method;
}

QueueDeleteOk read_queue_delete_ok(Reader& reader) noexcept {
    return {.message_count = reader.u32()};
}

}  // namespace warren::amqp
