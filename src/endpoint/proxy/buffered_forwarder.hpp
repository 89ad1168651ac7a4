#pragma once

#include <warren/context.hpp>

#include "metrics/text.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/dispatch/forwarder.hpp"
#include "store/durable_queue.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace warren::endpoint {

struct BufferedForwarderOptions {
    std::string name{};                 // of the proxy, in the log and in metrics
    runtime::BackoffOptions backoff{};  // while the other side is away
    std::shared_ptr<Log> log{};         // null: nowhere
    bool names_calls = true;            // that have no idempotency key
};

/// Accepts calls by writing them to a disk, and forwards them from there in the order they were
/// accepted, one at a time, through another forwarder: at least once each. A call whose outcome was
/// lost, with a connection or with this process, is sent again under the same idempotency key: the
/// caller's, or else (`names_calls`) one made of the buffer's identity and the entry's number.
///
/// While the other side is away it is tried again for ever. A call that it refuses for good is
/// moved to those that failed, and the next one follows.
class BufferedForwarder final : public runtime::Forwarder {
public:
    /// in  next: takes the calls on; it and the clock outlive this
    BufferedForwarder(std::unique_ptr<store::DurableQueue> queue, runtime::Forwarder& next,
                      const runtime::Clock& clock, BufferedForwarderOptions options);
    /// As `stop`, with no patience. What was accepted is on the disk then.
    ~BufferedForwarder() override;

    /// Completes once the call is on the disk; whether it succeeds is not the caller's to know.
    /// err  as `DurableQueue::append`, and as `encode_buffered`
    void forward(const runtime::ForwardedCall& call,
                 std::unique_ptr<runtime::ForwardSink> response) override;

    /// Begin no further call, and wait for the outcome of the one that is out: so long at most, and
    /// not at all where it was not sent yet or the other side did not answer last time. Without its
    /// outcome it stays in the buffer, and is sent again by the next process.
    /// thread one, which is none of a forwarder's own
    void stop(std::chrono::milliseconds patience);

    metrics::BufferFigures figures() const;  // thread any

private:
    using Outcome = std::expected<void, Failure>;
    class Report;

    void run();
    std::optional<store::Entry> await_entry();
    void read_ahead();
    void deliver(const store::Entry& entry);
    /// out  nullopt: stopped before there was one
    std::optional<Outcome> attempt(const runtime::ForwardedCall& call);
    void give_to_dead_letters(const store::Entry& entry, const Failure& why,
                              std::string_view method);
    /// out  false: stopped meanwhile
    bool pause(const Failure& why, std::uint32_t failures, std::string_view method);
    void finished(Outcome outcome);
    void log(LogLevel level, const std::string& line);

    const BufferedForwarderOptions options_;
    std::unique_ptr<store::DurableQueue> queue_;
    runtime::Forwarder& next_;
    const runtime::Clock& clock_;
    std::minstd_rand random_{std::random_device{}()};  // of the thread
    std::deque<store::Entry> ahead_;                   // of the thread: read, and not taken on yet
    std::uint64_t last_read_ = 0;                      // of the thread

    std::atomic<std::uint64_t> forwarded_ = 0;
    std::atomic<std::uint64_t> failed_ = 0;
    std::atomic<std::uint64_t> retries_ = 0;
    std::atomic<std::int64_t> oldest_accepted_at_ms_ = 0;  // 0: nothing waits

    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    bool has_more_ = true;  // on the disk, perhaps
    bool is_stopping_ = false;
    bool is_out_ = false;      // a call, and it has no outcome yet
    bool is_answered_ = true;  // the other side answered last, as far as is known
    std::optional<Outcome> outcome_;
    std::stop_source cancel_;
    std::stop_source withdraw_;  // cancels what was not sent

    std::thread thread_;
};

}  // namespace warren::endpoint
