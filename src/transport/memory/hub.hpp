#pragma once

#include "transport/memory/broker.hpp"
#include "transport/memory/thread_executor.hpp"

#include <memory>
#include <string_view>

namespace warren::transport {

/// A broker in this process and the one I/O thread that it shares with all its ports. The thread
/// ends before the broker does, whose timers run on it.
struct MemoryHub {
    MemoryBroker broker{executor};
    ThreadExecutor executor{};
};

/// The hub that `memory:NAME` names. It lives as long as somebody holds it.          thread any
std::shared_ptr<MemoryHub> memory_hub(std::string_view name);

}  // namespace warren::transport
