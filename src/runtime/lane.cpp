#include "runtime/lane.hpp"

#include "core/assert.hpp"
#include "runtime/dispatcher.hpp"
#include "runtime/parked_job.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {
Lane::Lane(Dispatcher& dispatcher, Executor& executor, ListenerPolicy policy)
    : dispatcher_{dispatcher}, executor_{executor}, policy_{std::move(policy)} {
    const auto series_of = [this](std::string_view method) {
        return policy_.series == nullptr ? nullptr : &policy_.series->of(method);
    };
    if (policy_.forwarder == nullptr) {
        for (const Method* const method : policy_.methods) {
            served_.push_back({method->name, method, series_of(method->name)});
        }
    } else if (policy_.forwarded.empty()) {
        whatever_ = {.name = metrics::forwarded_method,
                     .series = series_of(metrics::forwarded_method)};
    } else {
        for (const std::string& method : policy_.forwarded) {
            served_.push_back({.name = method, .series = series_of(method)});
        }
    }
    std::ranges::sort(served_, {}, &Served::name);
    dispatcher_.attach(*this);
}

Lane::~Lane() {
    dispatcher_.detach(*this);
    WARREN_ASSERT(watched_first_ == nullptr && batch_.empty());
    *self_ = nullptr;
    if (timer_due_) {
        executor_.cancel(timer_);
    }
}

const Lane::Served* Lane::find(std::string_view method) const noexcept {
    if (whatever_) {
        return &*whatever_;
    }
    const auto found = std::ranges::lower_bound(served_, method, {}, &Served::name);
    return found != served_.end() && found->name == method ? &*found : nullptr;
}

metrics::CallSeries* Lane::unknown_series() const noexcept {
    return policy_.series == nullptr ? nullptr : &policy_.series->unknown();
}

void Lane::queue(Job& job) {
    const bool first = batch_.empty();
    batch_.push(job);
    if (first) {
        executor_.post([self = self_] {
            if (*self != nullptr) {
                (*self)->flush();
            }
        });
    }
}

void Lane::flush() {
    if (batch_.empty()) {
        return;
    }
    TaskList batch = std::exchange(batch_, {});
    dispatcher_.workers_.push(batch);
    while (Task* const refused = batch.pop()) {
        std::unique_ptr<Job> job{static_cast<Job*>(refused)};
        if (!job->wants_answer) {
            is_over_ = true;
            dispatcher_.workers_.push_admitted(*job.release());
            continue;
        }
        dispatcher_.refuse_overload(*job,
                                    "As many calls wait for a worker as may (queued_calls_max)");
        dispatcher_.finish(std::move(job));
    }
}

bool Lane::has_room() noexcept {
    is_over_ = is_over_ && !dispatcher_.workers_.has_room();
    return !is_over_;
}

void Lane::resume(Job& job) {
    // A sweep finds it among the workers' tasks, or has been here before.
    const std::lock_guard guard{mutex_};
    if (job.method_->execution == Execution::worker && !job.stop_requested_) {
        dispatcher_.workers_.push_admitted(job);
    } else {
        executor_.post([&job] { job.run_task(); });
    }
}

void Lane::watch(Job& job) {
    if (!job.stop_.stop_possible()) {
        job.stop_ = std::stop_source{};
    }
    job.context_.stop = job.stop_.get_token();
    const std::optional<TimePoint> deadline = job.context_.deadline;
    {
        const std::lock_guard guard{mutex_};
        link(job);
    }
    if (deadline && (!timer_due_ || *deadline < *timer_due_)) {
        set_timer(*deadline);
    }
}

void Lane::link(Job& job) noexcept {
    if (std::exchange(job.watched_, true)) {
        return;
    }
    job.watched_previous_ = nullptr;
    job.watched_next_ = watched_first_;
    if (watched_first_ != nullptr) {
        watched_first_->watched_previous_ = &job;
    }
    watched_first_ = &job;
}

void Lane::unwatch(Job& job) noexcept {
    const std::lock_guard guard{mutex_};
    unlink(job);
}

void Lane::unlink(Job& job) noexcept {
    (job.watched_previous_ == nullptr ? watched_first_ : job.watched_previous_->watched_next_) =
        job.watched_next_;
    if (job.watched_next_ != nullptr) {
        job.watched_next_->watched_previous_ = job.watched_previous_;
    }
    job.watched_ = false;
}

bool Lane::withdraw(Job& job) noexcept {
    flush();
    const std::lock_guard guard{mutex_};
    return take_out(job);
}

bool Lane::take_out(Job& job) noexcept {
    // The mutexes of locks and workers are taken inside of the lane's, never the other way round.
    if (!dispatcher_.locks_.take_out(job) && !dispatcher_.workers_.take_out(job)) {
        return false;
    }
    unlink(job);
    return true;
}

void Lane::set_timer(TimePoint when) {
    if (timer_due_) {
        executor_.cancel(timer_);
    }
    timer_due_ = when;
    timer_ = executor_.post_at(when, [this] { on_time(); });
}

void Lane::on_time() {
    timer_due_.reset();
    flush();
    Swept swept = sweep(executor_.now());
    if (swept.next_deadline) {
        set_timer(*swept.next_deadline);
    }
    dispatcher_.end(std::move(swept), Code::expired_in_queue);
}

Lane::Swept Lane::sweep(std::optional<TimePoint> now) {
    Swept swept;
    const std::lock_guard guard{mutex_};
    Job* next = nullptr;
    for (Job* job = watched_first_; job != nullptr; job = next) {
        next = job->watched_next_;
        const std::optional<TimePoint>& deadline = job->context_.deadline;
        if (job->stop_requested_) {
            continue;
        }
        if (now && (!deadline || *deadline > *now)) {
            if (deadline) {
                swept.next_deadline = std::min(swept.next_deadline.value_or(*deadline), *deadline);
            }
            continue;
        }
        sweep(*job, swept);
    }
    return swept;
}

Lane::Swept Lane::sweep_abandoned(const std::function<bool(Job&)>& is_abandoned) {
    flush();
    Swept swept;
    const std::lock_guard guard{mutex_};
    Job* next = nullptr;
    for (Job* job = watched_first_; job != nullptr; job = next) {
        next = job->watched_next_;
        if (is_abandoned(*job) && !job->stop_requested_) {
            sweep(*job, swept);
        }
    }
    return swept;
}

void Lane::sweep(Job& job, Swept& swept) {
    job.stop_requested_ = true;
    if (job.parked_ != nullptr) {
        if (job.parked_->claim() != nullptr) {
            unlink(job);
            swept.expired.push(job);
        }
    } else if (take_out(job)) {
        swept.expired.push(job);
    } else {
        swept.running.push_back(job.stop_);
    }
}

}  // namespace warren::runtime
