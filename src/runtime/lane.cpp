#include "runtime/lane.hpp"

#include "core/assert.hpp"
#include "runtime/backend.hpp"
#include "runtime/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {

Lane::Lane(Dispatcher& dispatcher, Executor& executor, ListenerPolicy policy)
    : dispatcher_{dispatcher},
      calls_{dispatcher.calls()},
      executor_{executor},
      policy_{std::move(policy)},
      backend_{policy_.forwarder != nullptr          ? make_forward_backend(*this)
               : policy_.answers == Answers::made_up ? make_mock_backend(*this)
                                                     : make_local_backend(*this)},
      deadlines_{executor,
                 [this](Watched& watched) { return take_out(static_cast<Job&>(watched)); },
                 [this] {
                     flush();
                     calls_.end(deadlines_.sweep(), expired());
                 }} {
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
    WARREN_ASSERT(batch_.empty());
    *self_ = nullptr;
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
    dispatcher_.workers().push(batch);
    while (Task* const refused = batch.pop()) {
        std::unique_ptr<Job> job{static_cast<Job*>(refused)};
        if (!job->wants_answer) {
            is_over_ = true;
            dispatcher_.workers().push_admitted(*job.release());
            continue;
        }
        job->fail(overloaded("As many calls wait for a worker as may (queued_calls_max)"));
        calls_.finish(std::move(job), At::later);
    }
}

bool Lane::has_room() noexcept {
    is_over_ = is_over_ && !dispatcher_.workers().has_room();
    return !is_over_;
}

void Lane::run(std::unique_ptr<Job> job) noexcept {
    if (job->state.large != nullptr) [[unlikely]] {
        return dispatcher_.read_large(std::move(job));
    }
    if (const std::string_view why = job->obstacle(); !why.empty()) [[unlikely]] {
        job->fail(overloaded(std::string{why}));
        return calls_.finish(std::move(job), At::later);
    }
    backend_->run(std::move(job), At::later);
}

void Lane::resume(Job& job) {
    if (job.state.method->execution == Execution::inline_ ||
        !deadlines_.put(job, [&] { dispatcher_.workers().push_admitted(job); })) {
        executor_.post([this, &job] { run(std::unique_ptr<Job>{&job}); });
    }
}

void Lane::watch(Job& job) {
    job.state.context.stop = job.stop_token();
    deadlines_.watch(job, job.state.context.deadline);
}

bool Lane::take_out(Job& job) noexcept {
    if (job.state.parked != nullptr) {
        return job.state.parked->exchange(nullptr) != nullptr;
    }
    // The mutexes of locks and workers are taken inside of the watch's, never the other way round.
    return calls_.locks.take_out(job) || dispatcher_.workers().take_out(job);
}

}  // namespace warren::runtime
