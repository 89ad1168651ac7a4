#pragma once

#include <warren/context.hpp>

#include "endpoint/log_repeats.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace warren::endpoint {

struct LogQueueOptions {
    LogLevel least = LogLevel::debug;  // less than this is written nowhere
    bool shows_calls = false;          // as `Log::shows_calls`
    // What waits to be written; a line over one of these is dropped, and counted.
    std::size_t lines_max = 8'192;
    std::size_t bytes_max = std::size_t{4} << 20;
    LogRepeatLimits repeats{};
    /// How long the end waits for lines that nobody takes.
    std::chrono::milliseconds flush_max{1'000};
};

/// The way of lines to where they are written, which is done by a thread of its own: whoever says
/// something never waits for whoever reads it.
/// thread any
class LogQueue final : public Log {
public:
    using TimePoint = std::chrono::system_clock::time_point;
    /// Writes one line that was said at some time. It may block, and end with an exception: then
    /// the line is lost.
    /// thread of the call: the queue's own
    using Write = std::function<void(LogLevel level, TimePoint logged_at, std::string_view line)>;

    /// in  write: empty: lines go nowhere
    LogQueue(Write write, LogQueueOptions options);
    /// Waits for what was said to be written, but not for ever. A writer that hangs is left to
    /// itself then, with what it holds.
    ~LogQueue() override;
    LogQueue(const LogQueue&) = delete;
    LogQueue& operator=(const LogQueue&) = delete;

    void write(LogLevel level, std::string_view line) override { put(level, line, Limit::kinds); }
    bool shows_calls() const noexcept override {
        return shows_calls_.load(std::memory_order_relaxed);
    }
    /// From now on, instead of what the options say.
    void show(LogLevel least, bool shows_calls) noexcept {
        least_.store(least, std::memory_order_relaxed);
        shows_calls_.store(shows_calls, std::memory_order_relaxed);
    }
    /// Where handlers write: what they say again and again is theirs to decide.
    /// out  valid as long as this
    Log& of_handlers() noexcept { return of_handlers_; }

    /// Wait until what was said before is written.
    /// out  false: it took longer
    bool flush(std::chrono::milliseconds wait_max);
    std::uint64_t dropped() const noexcept;

private:
    enum class Limit : std::uint8_t { kinds, none };
    struct State;

    class OfHandlers final : public Log {
    public:
        explicit OfHandlers(LogQueue& queue) noexcept : queue_{queue} {}
        void write(LogLevel level, std::string_view line) override {
            queue_.put(level, line, Limit::none);
        }
        bool shows_calls() const noexcept override { return queue_.shows_calls(); }

    private:
        LogQueue& queue_;
    };

    void put(LogLevel level, std::string_view line, Limit limit) noexcept;
    static void run(State& state) noexcept;

    const LogQueueOptions options_;
    std::atomic<LogLevel> least_{options_.least};
    std::atomic<bool> shows_calls_{options_.shows_calls};
    const std::shared_ptr<State> state_;  // shared with the thread, which may outlive this
    OfHandlers of_handlers_{*this};
};

/// A log that never blocks who writes to it, on the way to one that may.
/// in   log: null: nowhere
/// out  never null
std::shared_ptr<LogQueue> queued(const std::shared_ptr<Log>& log);

}  // namespace warren::endpoint
