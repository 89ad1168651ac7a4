#include "runtime/job.hpp"

#include "runtime/dispatcher.hpp"

#include <utility>

namespace warren::runtime {

Job::Job() = default;
Job::~Job() = default;

void Job::run_task() noexcept {
    std::unique_ptr<Job> self{this};
    const std::string_view why = obstacle();
    if (large_ != nullptr && !large_->is_read) [[unlikely]] {
        dispatcher_->read_large(std::move(self));
    } else if (why.empty()) [[likely]] {
        dispatcher_->run(std::move(self));
    } else {
        dispatcher_->turn_away(std::move(self), why);
    }
}

void Job::release_result() noexcept {
    if (invocation_ != nullptr) {
        invocation_->clear();
    }
    held_.give_back();
    mock_.reset();
    answer_.data.reset();
}

void Job::report(std::string_view details) const noexcept {
    dispatcher_->report(*this, details);
}

void Job::reset() noexcept {
    release_result();
    arena.reset();
    dispatcher_ = nullptr;
    lane_ = nullptr;
    method_ = nullptr;
    series_ = nullptr;
    request_bytes = 0;
    values_bytes = 0;
    memory = nullptr;
    large_.reset();
    peer_address.clear();
    wants_answer = true;
    context_ = {};
    // A handler may have kept the token, so a source that said stop is not used again.
    if (stop_requested_) {
        stop_ = std::stop_source{std::nostopstate};
        stop_requested_ = false;
    }
    lock_key_.clear();
    is_withdrawn_ = false;
    has_begun_.store(false, std::memory_order_relaxed);
    parked_.reset();
    if (answer_.failure) {
        failure_ = {};
    }
    answer_ = {};
    message_.clear();
}

}  // namespace warren::runtime
