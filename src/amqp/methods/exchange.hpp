#pragma once

#include <warren/value.hpp>

#include "amqp/wire.hpp"

#include <cstdint>
#include <string_view>

/// The methods of the class exchange.                                       [AMQP 0-9-1 1.6]
namespace warren::amqp {

struct ExchangeDeclare {
    static constexpr std::uint32_t id = 40 << 16 | 10;
    static constexpr std::uint32_t reply_id = 40 << 16 | 11;
    std::string_view exchange{};
    std::string_view type = "direct";
    bool passive = false;  // only ask whether it is there
    bool durable = false;
    bool auto_delete = false;
    bool internal = false;
    Value arguments{};  // a map, or null
};

void write_arguments(Writer& writer, const ExchangeDeclare& method);

}  // namespace warren::amqp
