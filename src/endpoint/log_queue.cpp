#include "endpoint/log_queue.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace warren::endpoint {
namespace {

struct Line {
    LogLevel level;
    LogQueue::TimePoint logged_at;
    std::string text;
};

}  // namespace

struct LogQueue::State {
    State(Write how, const LogQueueOptions& limits)
        : write{std::move(how)}, options{limits}, repeats{limits.repeats} {}

    const Write write;
    const LogQueueOptions options;
    std::atomic<std::uint64_t> dropped = 0;
    std::atomic<std::uint64_t> unreported = 0;  // of them, since the log said so last

    std::mutex mutex;  // of what follows
    std::condition_variable changed;
    std::deque<Line> lines;
    std::deque<Line> taken;  // the thread's alone; exchanged, as that needs no memory
    std::size_t bytes = 0;
    LogRepeats repeats;
    bool is_writing = false;
    bool is_running = false;  // the thread
    bool is_ending = false;

    void lose(std::uint64_t count) noexcept {
        dropped.fetch_add(count, std::memory_order_relaxed);
        unreported.fetch_add(count, std::memory_order_relaxed);
    }
    /// in  count: of lines that it stands for
    void push(LogLevel level, std::string_view text, std::uint64_t count = 1) {
        if (lines.size() >= options.lines_max || bytes + text.size() > options.bytes_max) {
            return lose(count);
        }
        lines.push_back({level, std::chrono::system_clock::now(), std::string{text}});
        bytes += text.size();
    }
    auto pusher() {
        return [this](LogLevel level, const std::string& text, std::uint64_t count) {
            push(level, text, count);
        };
    }
    void report_repeats() noexcept {
        try {
            repeats.end_before(LogRepeats::TimePoint::clock::now(), pusher());
        } catch (...) {  // no memory: they are told later
        }
    }
    /// Behind the lines that came before them, whatever the limits.
    void report_losses() noexcept {
        const std::uint64_t lost = unreported.exchange(0, std::memory_order_relaxed);
        try {
            if (lost != 0) {
                lines.push_back({LogLevel::warning, std::chrono::system_clock::now(),
                                 std::to_string(lost) +
                                     " lines of this log were dropped here: they came faster than "
                                     "they are read, or there was no memory for them"});
            }
        } catch (...) {  // no memory: they are told later
            unreported.fetch_add(lost, std::memory_order_relaxed);
        }
    }
    void await_lines(std::unique_lock<std::mutex>& lock) {
        const auto is_due = [this] { return is_ending || !lines.empty(); };
        if (repeats.leaves_out()) {
            changed.wait_for(lock, options.repeats.period, is_due);
        } else {
            changed.wait(lock, is_due);
        }
    }
    /// Outside of the lock.
    void write_batch() noexcept {
        for (const Line& line : taken) {
            try {
                write(line.level, line.logged_at, line.text);
            } catch (...) {
                dropped.fetch_add(1, std::memory_order_relaxed);
            }
        }
        taken.clear();
    }
    bool is_idle() const noexcept { return lines.empty() && !is_writing; }
};

LogQueue::LogQueue(Write write, LogQueueOptions options)
    : options_{options}, state_{std::make_shared<State>(std::move(write), options)} {}

LogQueue::~LogQueue() {
    {
        const std::lock_guard lock{state_->mutex};
        try {
            state_->repeats.end_all(state_->pusher());
        } catch (...) {  // no memory to tell of them
        }
        state_->is_ending = true;
    }
    state_->changed.notify_all();
    std::unique_lock lock{state_->mutex};
    state_->changed.wait_for(lock, options_.flush_max, [this] { return !state_->is_running; });
}

void LogQueue::put(LogLevel level, std::string_view line, Limit limit) noexcept {
    if (level < least_.load(std::memory_order_relaxed) || !state_->write) {
        return;
    }
    try {
        const std::lock_guard lock{state_->mutex};
        // Who asked to see everything sees everything.
        if (limit == Limit::kinds && level != LogLevel::debug &&
            !state_->repeats.admit(level, line, LogRepeats::TimePoint::clock::now(),
                                   state_->pusher())) {
            return;
        }
        if (!state_->is_running) {
            std::thread{[state = state_] { run(*state); }}.detach();
            state_->is_running = true;
        }
        state_->push(level, line);
    } catch (...) {  // no memory, or no thread as yet
        state_->lose(1);
    }
    state_->changed.notify_all();
}

void LogQueue::run(State& state) noexcept {
    std::unique_lock lock{state.mutex};
    for (;;) {
        state.await_lines(lock);
        state.report_repeats();
        if (state.lines.empty()) {
            state.report_losses();
        }
        if (state.lines.empty() && state.is_ending) {
            break;
        }
        state.taken.swap(state.lines);
        state.bytes = 0;
        state.is_writing = true;
        lock.unlock();
        state.write_batch();
        lock.lock();
        state.report_losses();
        state.is_writing = false;
        state.changed.notify_all();
    }
    state.is_running = false;
    state.changed.notify_all();
}

bool LogQueue::flush(std::chrono::milliseconds wait_max) {
    std::unique_lock lock{state_->mutex};
    return state_->changed.wait_for(lock, wait_max, [this] { return state_->is_idle(); });
}

std::uint64_t LogQueue::dropped() const noexcept {
    return state_->dropped.load(std::memory_order_relaxed);
}

std::shared_ptr<LogQueue> queued(const std::shared_ptr<Log>& log) {
    if (auto queue = std::dynamic_pointer_cast<LogQueue>(log)) {
        return queue;
    }
    const LogQueueOptions options{.shows_calls = log && log->shows_calls()};
    return std::make_shared<LogQueue>(
        log ? LogQueue::Write{[log](LogLevel level, LogQueue::TimePoint, std::string_view line) {
            log->write(level, line);
        }}
            : LogQueue::Write{},
        options);
}

}  // namespace warren::endpoint
