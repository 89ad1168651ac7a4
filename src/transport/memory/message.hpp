#pragma once

#include "protocol/owned_message.hpp"
#include "runtime/executor.hpp"

#include <optional>

namespace warren::transport {

/// A message as it lies in a queue.
class MemoryMessage : public protocol::OwnedMessage {
public:
    using protocol::OwnedMessage::OwnedMessage;

    std::optional<runtime::TimePoint> expires{};
};

}  // namespace warren::transport
