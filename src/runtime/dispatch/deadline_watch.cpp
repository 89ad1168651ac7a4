#include "runtime/dispatch/deadline_watch.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {

void Watched::renew() {
    // A handler may have kept the token, so a source that said stop is not used again, and neither
    // is one that somebody else has, too.
    const bool is_shared = std::exchange(is_shared_, false);
    if (std::exchange(is_swept_, false) || is_shared) {
        stop_ = std::stop_source{std::nostopstate};
    }
}

DeadlineWatch::~DeadlineWatch() {
    WARREN_ASSERT(first_ == nullptr);
    if (timer_due_) {
        executor_.cancel(timer_);
    }
}

void DeadlineWatch::watch(Watched& watched, std::optional<TimePoint> deadline) {
    {
        const std::lock_guard guard{mutex_};
        watched.deadline_ = deadline;
        if (!std::exchange(watched.is_watched_, true)) {
            watched.previous_ = nullptr;
            watched.next_ = first_;
            if (first_ != nullptr) {
                first_->previous_ = &watched;
            }
            first_ = &watched;
        }
    }
    if (deadline && (!timer_due_ || *deadline < *timer_due_)) {
        set_timer(*deadline);
    }
}

void DeadlineWatch::unwatch(Watched& watched) noexcept {
    const std::lock_guard guard{mutex_};
    unlink(watched);
}

void DeadlineWatch::unlink(Watched& watched) noexcept {
    (watched.previous_ == nullptr ? first_ : watched.previous_->next_) = watched.next_;
    if (watched.next_ != nullptr) {
        watched.next_->previous_ = watched.previous_;
    }
    watched.is_watched_ = false;
}

void DeadlineWatch::set_timer(TimePoint when) {
    if (timer_due_) {
        executor_.cancel(timer_);
    }
    timer_due_ = when;
    timer_ = executor_.post_at(when, [this] {
        timer_due_.reset();
        on_time_();
    });
}

DeadlineWatch::Swept DeadlineWatch::sweep() {
    const TimePoint now = executor_.now();
    std::optional<TimePoint> next;
    Swept swept = sweep([&](const Watched& watched) {
        if (!watched.deadline_ || watched.is_swept_) {
            return false;
        }
        const TimePoint deadline = *watched.deadline_;
        if (deadline > now) {
            next = std::min(next.value_or(deadline), deadline);
        }
        return deadline <= now;
    });
    if (next) {
        set_timer(*next);
    }
    return swept;
}

DeadlineWatch::Swept DeadlineWatch::sweep(const std::function<bool(Watched&)>& is_chosen) {
    Swept swept;
    const std::lock_guard guard{mutex_};
    Watched* next = nullptr;
    for (Watched* watched = first_; watched != nullptr; watched = next) {
        next = watched->next_;
        if (!is_chosen(*watched) || std::exchange(watched->is_swept_, true)) {
            continue;
        }
        if (remove_(*watched)) {
            unlink(*watched);
            swept.ended.push_back(watched);
        } else {
            swept.running.push_back(watched->stop_);
        }
    }
    return swept;
}

}  // namespace warren::runtime
