#pragma once

#include <warren/value.hpp>

#include "amqp/wire.hpp"

#include <cstdint>
#include <string_view>

/// The methods of the class queue.                                          [AMQP 0-9-1 1.7]
namespace warren::amqp {

struct QueueDeclare {
    static constexpr std::uint32_t id = 50 << 16 | 10;
    static constexpr std::uint32_t reply_id = 50 << 16 | 11;
    std::string_view queue{};  // empty: the broker makes a name
    bool passive = false;      // only ask whether it is there
    bool durable = false;
    bool exclusive = false;
    bool auto_delete = false;
    Value arguments{};  // a map, or null
};

struct QueueDeclareOk {
    std::string_view queue{};
    std::uint32_t message_count = 0;
    std::uint32_t consumer_count = 0;
};

struct QueueBind {
    static constexpr std::uint32_t id = 50 << 16 | 20;
    static constexpr std::uint32_t reply_id = 50 << 16 | 21;
    std::string_view queue{};
    std::string_view exchange{};
    std::string_view routing_key{};
    Value arguments{};
};

struct QueueDelete {
    static constexpr std::uint32_t id = 50 << 16 | 40;
    static constexpr std::uint32_t reply_id = 50 << 16 | 41;
    std::string_view queue{};
    bool if_unused = false;
    bool if_empty = false;
};

struct QueueDeleteOk {
    std::uint32_t message_count = 0;
};

void write_arguments(Writer& writer, const QueueDeclare& method);
void write_arguments(Writer& writer, const QueueBind& method);
void write_arguments(Writer& writer, const QueueDelete& method);

QueueDeclareOk read_queue_declare_ok(Reader& reader) noexcept;
QueueDeleteOk read_queue_delete_ok(Reader& reader) noexcept;

}  // namespace warren::amqp
