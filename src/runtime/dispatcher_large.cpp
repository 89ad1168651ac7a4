#include "runtime/dispatcher.hpp"
#include "runtime/large_request.hpp"

#include <malloc.h>
#include <algorithm>
#include <utility>

// How a request that the I/O thread must not read is read on a worker, and goes on from there.
namespace warren::runtime {

void Dispatcher::dispatch_large(std::unique_ptr<Job> job, std::unique_ptr<LargeRequest> request,
                                Lane& lane) {
    take_in(*job, lane);
    if (draining_ || cancelled_) {
        fail(*job, stopping());
        return finish(std::move(job));
    }
    request->came_at = lane.executor().now();
    job->large_ = std::move(request);
    lane.watch(*job);
    lane.queue(*job.release());
}

void Dispatcher::read_large(std::unique_ptr<Job> job) noexcept {
    bool ready = false;
    guard(*job, [&] {
        refusing_for_memory(*job, [&] {
            LargeRequest& request = *job->large_;
            request.is_read = true;
            auto call = request.read();
            if (call) {
                job->values_bytes = request.values.used_bytes();
                request.call = *call;
                ready = prepare(*job, *call);
            } else {
                fail(*job, std::move(call.error()));
            }
        });
    });
    if (!ready) {
        job->large_.reset();
        return finish(std::move(job));
    }
    if (job->lane_->policy().forwarder == nullptr) {
        job->large_.reset();
    }
    Job* const prepared = job.release();
    prepared->lane_->executor().post([this, prepared] { go_on(std::unique_ptr<Job>{prepared}); });
}

/// Its deadline may have passed meanwhile, and its caller may have gone.
void Dispatcher::go_on(std::unique_ptr<Job> job) {
    const std::optional<Context::TimePoint> deadline = job->context_.deadline;
    const TimePoint now = job->lane_->executor().now();
    if (cancelled_) {
        fail(*job, stopping());
    } else if (deadline && *deadline <= now) {
        fail(*job, expired());
    } else if (job->context_.stop.stop_requested()) {
        fail(*job, abandoned());
    } else if (job->large_ == nullptr) {
        return start(std::move(job));
    } else {
        // It may be answered, and gone, before this returns.
        const std::unique_ptr<LargeRequest> request = std::move(job->large_);
        if (deadline) {
            request->call.time_left =
                std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - now);
        }
        return forward(std::move(job), request->call);
    }
    job->large_.reset();
    finish(std::move(job));
}

void Dispatcher::TrimTask::run_task() noexcept {
    is_queued.store(false);
    malloc_trim(0);
}

void Dispatcher::trim_memory() {
    if (!trim_.is_queued.exchange(true)) {
        workers_.push_admitted(trim_);
    }
}

}  // namespace warren::runtime
