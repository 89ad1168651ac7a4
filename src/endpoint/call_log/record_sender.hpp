#pragma once

#include "endpoint/call_log/record_losses.hpp"
#include "runtime/backoff.hpp"
#include "runtime/executor.hpp"
#include "transport/http/http_connection.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {

/// One request to a log server.
struct CallRecord {
    std::string_view path{};  // below the server's address; a literal
    std::string body{};
    /// The server may have it, and refuse it for that: its refusal is no loss.
    bool may_be_there = false;
};

/// What all records together may take while they wait.          thread any
class RecordRoom {
public:
    explicit RecordRoom(std::size_t bytes_max) noexcept : bytes_max_{bytes_max} {}

    bool take(std::size_t bytes) noexcept {
        const std::size_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
        if (before + bytes > bytes_max_) {
            give(bytes);
            return false;
        }
        return true;
    }
    void give(std::size_t bytes) noexcept { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
    const std::size_t bytes_max_;
    std::atomic<std::size_t> bytes_ = 0;
};

struct RecordSenderOptions {
    std::uint32_t retries_max = 5;
    runtime::BackoffOptions backoff{};
};

/// Records on their way to a log server over one connection: one after the other, in the order in
/// which they came, each again where that may help. It must not know what a record says.
/// thread the I/O thread, where nothing else is said
class RecordSender {
public:
    using Done = transport::HttpConnection::Done;
    /// in  done: to be called once
    using Post = std::function<void(const CallRecord& record, Done done)>;

    /// in  all must outlive it; the executor must run nothing any more when it is destroyed
    RecordSender(runtime::Executor& executor, RecordRoom& room, RecordLosses& losses, Post post,
                 RecordSenderOptions options);
    RecordSender(const RecordSender&) = delete;
    RecordSender& operator=(const RecordSender&) = delete;

    /// out  false: there is no room for it          thread any
    bool add(CallRecord record);
    /// in  done: called once nothing waits any more and nothing is under way
    void flush(std::move_only_function<void()> done);
    /// The same, trying nothing again: what fails from now on is lost, with all after it.
    void close(std::move_only_function<void()> done);
    std::size_t waiting() const;  // thread any

private:
    static std::size_t size_of(const CallRecord& record) noexcept;
    void look();
    void attempt();
    void received(const std::expected<transport::HttpResponse, Failure>& outcome);
    void fail(bool is_worth_repeating, std::string problem);
    void lose_all(std::string problem);
    void end_one();

    runtime::Executor& executor_;
    RecordRoom& room_;
    RecordLosses& losses_;
    const Post post_;
    const RecordSenderOptions options_;

    mutable std::mutex mutex_;
    std::deque<CallRecord> waiting_;  // with the one that is under way

    // Of the I/O thread.
    runtime::Executor::TimerId timer_ = 0;  // of the next attempt
    bool is_busy_ = false;
    bool is_closing_ = false;
    std::uint32_t attempts_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    std::vector<std::move_only_function<void()>> flushed_;
};

}  // namespace warren::endpoint
