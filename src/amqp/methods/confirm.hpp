#pragma once

#include "amqp/wire.hpp"

#include <cstdint>

/// The methods of the class confirm: publisher confirms.                [RabbitMQ extension]
namespace warren::amqp {

struct ConfirmSelect {
    static constexpr std::uint32_t id = 85 << 16 | 10;
    static constexpr std::uint32_t reply_id = 85 << 16 | 11;
};

inline void write_arguments(Writer& writer, const ConfirmSelect&) {
    writer.u8(0);  // nowait
}

}  // namespace warren::amqp
