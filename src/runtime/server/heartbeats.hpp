#pragma once

#include "runtime/dispatch/completion_queue.hpp"
#include "runtime/executor.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <unordered_map>

namespace warren::runtime {

class ServerCall;

/// Says of calls, each at its interval, that they are under way, for callers that want to know
/// early of a server that is not there any more.          thread the I/O thread
class Heartbeats {
public:
    using Id = std::uint64_t;  // never 0

    explicit Heartbeats(Executor& executor) noexcept : executor_{executor} {}
    ~Heartbeats();
    Heartbeats(const Heartbeats&) = delete;
    Heartbeats& operator=(const Heartbeats&) = delete;

    /// Call a function now, and then at each interval until it is removed.
    /// in   interval: at least `interval_min` apart, whatever the caller says
    Id add(std::chrono::milliseconds interval, std::function<void()> beat);
    void remove(Id id) noexcept;

    static constexpr std::chrono::milliseconds interval_min{100};

private:
    struct Beat {
        std::chrono::milliseconds interval;
        std::function<void()> say;
        Executor::TimerId timer = 0;
    };

    void arm(Id id, Beat& beat);

    Executor& executor_;
    std::unordered_map<Id, Beat> beats_;
    Id last_ = 0;
};

/// The wish for them, on its way to the I/O thread. It comes before the call's end.
struct HeartbeatsBegin final : CompletionEntry {
    HeartbeatsBegin(ServerCall& under_way, std::chrono::milliseconds wanted) noexcept
        : CompletionEntry{Kind::heartbeats}, call{under_way}, interval{wanted} {}

    ServerCall& call;
    std::chrono::milliseconds interval;
};

}  // namespace warren::runtime
