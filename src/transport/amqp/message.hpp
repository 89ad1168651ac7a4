#pragma once

#include <warren/arena.hpp>

#include "amqp/event.hpp"
#include "amqp/properties.hpp"
#include "protocol/message_view.hpp"

/// Messages as the runtime and as the AMQP core see them.
namespace warren::transport {

/// The delivery mode of a message that outlives the broker.              [AMQP 0-9-1 1.8.3.4]
inline constexpr std::uint8_t persistent = 2;

/// out  an envelope that views the delivery, its headers in the arena; headers that are no field
///      table are left out
protocol::MessageView to_view(const amqp::Delivery& delivery, Arena& arena);

/// The same of a message that came back.
protocol::MessageView to_view(const amqp::Returned& returned, Arena& arena);

/// out  properties that view the envelope; its headers go beside them
amqp::BasicProperties to_properties(const protocol::MessageView& message);

}  // namespace warren::transport
