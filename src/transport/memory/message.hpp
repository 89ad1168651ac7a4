#pragma once

#include "protocol/message.hpp"
#include "runtime/executor.hpp"

#include <optional>

namespace warren::transport::memory {

/// A message as it lies in a queue.
class Message : public protocol::Message {
public:
    using protocol::Message::Message;

    std::optional<runtime::TimePoint> expires{};
};

}  // namespace warren::transport::memory
