#pragma once

#include <warren/idempotency.hpp>

#include "store/call_record.hpp"

#include <cstdint>
#include <string>

namespace warren::runtime {

class KeyedCalls;

/// What is known of a call that is told from all others by a key, while it is under way.
struct KeyedCall {
    KeyedCalls& calls;
    std::string key{};
    store::RequestHash request{};
    Idempotency mode = Idempotency::at_least_once;
    std::uint32_t attempt = 0;
    bool is_held = false;          // it has begun here, as the store knows
    bool may_run = false;          // another one under its key does
    bool is_tried = false;         // it waits for another attempt that its handler asked for
    bool is_postponed = false;     // the store has it run later
    bool is_committed = false;     // by its handler, with `record`
    std::string record{};          // of its response, which views it
    std::string arguments{};       // as they were bound, as MessagePack
    std::int64_t first_at_ms = 0;  // its first attempt, as the store knows; 0: unknown
};

}  // namespace warren::runtime
