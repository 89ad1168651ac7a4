#pragma once

#include "amqp/methods/connection.hpp"
#include "amqp/wire.hpp"

#include <cstdint>

/// The methods of the class channel.                                        [AMQP 0-9-1 1.5]
namespace warren::amqp {

struct ChannelOpen {
    static constexpr std::uint32_t id = 20 << 16 | 10;
    static constexpr std::uint32_t reply_id = 20 << 16 | 11;
};

struct ChannelFlow {
    static constexpr std::uint32_t id = 20 << 16 | 20;
    bool active = true;
};

struct ChannelFlowOk {
    static constexpr std::uint32_t id = 20 << 16 | 21;
    bool active = true;
};

struct ChannelClose : Close {
    static constexpr std::uint32_t id = 20 << 16 | 40;
};

struct ChannelCloseOk {
    static constexpr std::uint32_t id = 20 << 16 | 41;
};

inline void write_arguments(Writer& writer, const ChannelOpen&) {
    writer.short_string("");  // reserved-1
}
inline void write_arguments(Writer& writer, const ChannelFlowOk& method) {
    writer.u8(method.active ? 1 : 0);
}
inline void write_arguments(Writer&, const ChannelCloseOk&) {}

inline ChannelFlow read_channel_flow(Reader& reader) noexcept {
    return {.active = (reader.u8() & 1) != 0};
}

}  // namespace warren::amqp
