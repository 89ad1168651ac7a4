#pragma once

#include <warren/context.hpp>
#include <warren/tracing.hpp>

#include "runtime/backoff.hpp"
#include "runtime/executor.hpp"
#include "tracing/span.hpp"
#include "transport/http/http_connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {

struct SpanExporterOptions {
    std::vector<tracing::Attribute> resource{};  // who makes the spans
    std::size_t queue_spans_max = 4'096;         // that wait; one more is dropped
    std::size_t batch_spans_max = 512;           // of one request
    std::chrono::milliseconds batch_delay{5'000};
    std::uint32_t attempts_max = 5;  // at one request
    runtime::BackoffOptions backoff{.first = std::chrono::milliseconds{1'000},
                                    .max = std::chrono::milliseconds{30'000}};
};

/// Spans on their way to a collector: in batches, one after the other, each again where that may
/// help. Who makes spans never waits: those that find no room are dropped, and counted.
/// thread the I/O thread, where nothing else is said
class SpanExporter {
public:
    using Done = transport::HttpConnection::Done;
    /// Sends the body of one request.
    /// in  done: to be called once
    using Post = std::function<void(const std::string& body, Done done)>;

    /// in  all must outlive it; the executor must run nothing any more when it is destroyed
    SpanExporter(runtime::Executor& executor, Log& log, Post post, SpanExporterOptions options);
    SpanExporter(const SpanExporter&) = delete;
    SpanExporter& operator=(const SpanExporter&) = delete;

    /// Takes all or none of them.                                                  thread any
    void add(std::span<tracing::Span> spans);
    /// Send what waits without a delay.
    /// in  done: called once nothing waits any more and nothing is under way
    void flush(std::move_only_function<void()> done);
    /// The same, trying nothing again: what fails from now on is lost, with all after it.
    void close(std::move_only_function<void()> done);
    TracerCounters counters() const;  // thread any

private:
    void look();
    void begin_batch();
    void attempt();
    void received(const std::expected<transport::HttpResponse, Failure>& outcome);
    void accepted(std::string_view body);
    void retry(std::chrono::milliseconds wait, const std::string& problem);
    void give_up(const std::string& problem);
    void end_batch();

    runtime::Executor& executor_;
    Log& log_;
    const Post post_;
    const SpanExporterOptions options_;

    mutable std::mutex mutex_;  // of what follows
    std::vector<tracing::Span> waiting_;
    TracerCounters counters_{};

    // Of the I/O thread.
    runtime::Executor::TimerId timer_ = 0;  // of the batch that is to begin, or to be sent again
    bool is_busy_ = false;                  // with a batch
    bool is_flushing_ = false;
    bool is_closing_ = false;
    std::string body_;
    std::size_t batch_spans_ = 0;
    std::uint32_t attempts_ = 0;
    std::uint64_t drops_told_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    std::vector<std::move_only_function<void()>> flushed_;
};

}  // namespace warren::endpoint
