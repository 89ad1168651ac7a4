#include "endpoint/call_log/record_sender.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::endpoint {

RecordSender::RecordSender(runtime::Executor& executor, RecordRoom& room, RecordLosses& losses,
                           Post post, RecordSenderOptions options)
    : executor_{executor},
      room_{room},
      losses_{losses},
      post_{std::move(post)},
      options_{options} {}

std::size_t RecordSender::size_of(const CallRecord& record) noexcept {
    return record.body.size() + sizeof record;
}

bool RecordSender::add(CallRecord record) {
    if (!room_.take(size_of(record))) {
        return false;
    }
    bool is_first = false;
    {
        const std::lock_guard lock{mutex_};
        is_first = waiting_.empty();
        waiting_.push_back(std::move(record));
    }
    if (is_first) {
        executor_.post([this] { look(); });
    }
    return true;
}

void RecordSender::flush(std::move_only_function<void()> done) {
    flushed_.push_back(std::move(done));
    look();
}

void RecordSender::close(std::move_only_function<void()> done) {
    is_closing_ = true;
    if (is_busy_ && timer_ != 0) {
        executor_.cancel(std::exchange(timer_, 0));
        attempt();
    }
    flush(std::move(done));
}

std::size_t RecordSender::waiting() const {
    const std::lock_guard lock{mutex_};
    return waiting_.size();
}

void RecordSender::look() {
    if (is_busy_) {
        return;
    }
    if (waiting() != 0) {
        is_busy_ = true;
        attempts_ = 0;
        return attempt();
    }
    for (auto& flushed : std::exchange(flushed_, {})) {
        flushed();
    }
}

void RecordSender::attempt() {
    const CallRecord* next = nullptr;
    {
        // Only this thread takes records out, and others that are added leave it where it is.
        const std::lock_guard lock{mutex_};
        next = &waiting_.front();
    }
    ++attempts_;
    post_(*next,
          [this](std::expected<transport::HttpResponse, Failure> outcome) { received(outcome); });
}

void RecordSender::received(const std::expected<transport::HttpResponse, Failure>& outcome) {
    if (!outcome) {
        return fail(true, outcome.error().message);
    }
    constexpr unsigned too_many = 429;
    const unsigned status = outcome->status;
    const bool may_be_there = [this] {
        const std::lock_guard lock{mutex_};
        return waiting_.front().may_be_there;
    }();
    if ((status >= 200 && status < 300) || (may_be_there && status >= 400 && status != too_many)) {
        losses_.add_sent();
        return end_one();
    }
    fail(status == too_many || status >= 500, fmt::format("it answers with status {}: {}", status,
                                                          core::text_for_display(outcome->body)));
}

void RecordSender::fail(bool is_worth_repeating, std::string problem) {
    if (is_closing_ && is_worth_repeating) {
        return lose_all(std::move(problem));
    }
    if (!is_worth_repeating || attempts_ > options_.retries_max) {
        losses_.add_failed(1, std::move(problem));
        return end_one();
    }
    losses_.add_failed(0, std::move(problem));
    timer_ = executor_.post_at(
        executor_.now() + runtime::backoff_after(attempts_, options_.backoff, random_), [this] {
            timer_ = 0;
            attempt();
        });
}

void RecordSender::lose_all(std::string problem) {
    std::deque<CallRecord> lost;
    {
        const std::lock_guard lock{mutex_};
        lost.swap(waiting_);
    }
    for (const CallRecord& record : lost) {
        room_.give(size_of(record));
    }
    losses_.add_failed(lost.size(), std::move(problem));
    is_busy_ = false;
    look();
}

void RecordSender::end_one() {
    {
        const std::lock_guard lock{mutex_};
        room_.give(size_of(waiting_.front()));
        waiting_.pop_front();
    }
    is_busy_ = false;
    look();
}

}  // namespace warren::endpoint
