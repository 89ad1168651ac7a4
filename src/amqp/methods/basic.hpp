#pragma once

#include <warren/value.hpp>

#include "amqp/wire.hpp"

#include <cstdint>
#include <string_view>

/// The methods of the class basic, basic.get and basic.recover left out.     [AMQP 0-9-1 1.8]
namespace warren::amqp {

struct BasicQos {
    static constexpr std::uint32_t id = 60 << 16 | 10;
    static constexpr std::uint32_t reply_id = 60 << 16 | 11;
    std::uint16_t prefetch_count = 0;  // 0: no limit
    bool global = false;               // RabbitMQ: for the channel, not for each consumer
};

struct BasicConsume {
    static constexpr std::uint32_t id = 60 << 16 | 20;
    static constexpr std::uint32_t reply_id = 60 << 16 | 21;
    std::string_view queue{};
    std::string_view consumer_tag{};  // empty: the broker makes one
    bool no_local = false;
    bool no_ack = false;
    bool exclusive = false;
    Value arguments{};
};

struct BasicConsumeOk {
    std::string_view consumer_tag{};
};

/// Sent by either side: the broker cancels a consumer whose queue is gone.  [RabbitMQ extension]
struct BasicCancel {
    static constexpr std::uint32_t id = 60 << 16 | 30;
    static constexpr std::uint32_t reply_id = 60 << 16 | 31;
    std::string_view consumer_tag{};
    bool nowait = false;
};

struct BasicCancelOk {
    static constexpr std::uint32_t id = 60 << 16 | 31;
    std::string_view consumer_tag{};
};

struct BasicPublish {
    static constexpr std::uint32_t id = 60 << 16 | 40;
    std::string_view exchange{};
    std::string_view routing_key{};
    bool mandatory = false;  // return the message when no queue takes it
};

struct BasicReturn {
    static constexpr std::uint32_t id = 60 << 16 | 50;
    std::uint16_t reply_code = 0;
    std::string_view reply_text{};
    std::string_view exchange{};
    std::string_view routing_key{};
};

struct BasicDeliver {
    static constexpr std::uint32_t id = 60 << 16 | 60;
    std::string_view consumer_tag{};
    std::uint64_t delivery_tag = 0;
    bool redelivered = false;
    std::string_view exchange{};
    std::string_view routing_key{};
};

/// Settles deliveries when we send it, publishes when the broker does.
struct BasicAck {
    static constexpr std::uint32_t id = 60 << 16 | 80;
    std::uint64_t delivery_tag = 0;
    bool multiple = false;
};

struct BasicNack {
    static constexpr std::uint32_t id = 60 << 16 | 120;
    std::uint64_t delivery_tag = 0;
    bool multiple = false;
    bool requeue = true;
};

void write_arguments(Writer& writer, const BasicQos& method);
void write_arguments(Writer& writer, const BasicConsume& method);
void write_arguments(Writer& writer, const BasicCancel& method);
void write_arguments(Writer& writer, const BasicCancelOk& method);
void write_arguments(Writer& writer, const BasicPublish& method);
void write_arguments(Writer& writer, const BasicAck& method);
void write_arguments(Writer& writer, const BasicNack& method);

BasicConsumeOk read_basic_consume_ok(Reader& reader) noexcept;
BasicCancel read_basic_cancel(Reader& reader) noexcept;
BasicCancelOk read_basic_cancel_ok(Reader& reader) noexcept;
BasicReturn read_basic_return(Reader& reader) noexcept;
BasicDeliver read_basic_deliver(Reader& reader) noexcept;
BasicAck read_basic_ack(Reader& reader) noexcept;
BasicNack read_basic_nack(Reader& reader) noexcept;

}  // namespace warren::amqp
