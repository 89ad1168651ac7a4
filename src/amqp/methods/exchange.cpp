#include "amqp/methods/exchange.hpp"

#include "amqp/field_table.hpp"

namespace warren::amqp {

void write_arguments(Writer& writer, const ExchangeDeclare& method) {
    writer.u16(0);  // reserved-1
    writer.short_string(method.exchange);
    writer.short_string(method.type);
    writer.u8(pack_bits({method.passive, method.durable, method.auto_delete, method.internal}));
    write_table(writer, method.arguments);
}

}  // namespace warren::amqp
