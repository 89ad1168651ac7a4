#include "runtime/dispatcher.hpp"
#include "runtime/forwarder.hpp"
#include "runtime/parked_job.hpp"

#include <exception>
#include <utility>

// How calls go on to other servers, and what comes back becomes an answer.
namespace warren::runtime {

/// The completion of one forwarded call.
class ParkedAnswer {
public:
    ParkedAnswer(Dispatcher& dispatcher, std::shared_ptr<ParkedJob> parked) noexcept
        : dispatcher_{&dispatcher}, parked_{std::move(parked)} {}
    ParkedAnswer(ParkedAnswer&&) noexcept = default;
    ParkedAnswer& operator=(ParkedAnswer&&) = delete;
    ~ParkedAnswer() {
        if (std::unique_ptr<Job> job = claim()) {
            dispatcher_->fail_internally(*job, "a forwarder let go of the call");
            dispatcher_->finish(std::move(job));
        }
    }

    void operator()(std::expected<ForwardedReply, Failure> outcome) noexcept {
        if (std::unique_ptr<Job> job = claim()) {
            dispatcher_->take_outcome(*job, std::move(outcome));
            dispatcher_->finish(std::move(job));
        }
    }

private:
    std::unique_ptr<Job> claim() noexcept {
        const std::shared_ptr<ParkedJob> parked = std::exchange(parked_, nullptr);
        return std::unique_ptr<Job>{parked ? parked->claim() : nullptr};
    }

    Dispatcher* dispatcher_;  // there as long as a job is
    std::shared_ptr<ParkedJob> parked_;
};

void Dispatcher::forward(std::unique_ptr<Job> job, const protocol::Call& call) {
    const auto parked = std::make_shared<ParkedJob>(*job);
    job->parked_ = parked;
    job->lane_->watch(*job);
    const ForwardedCall forwarded{.method = call.method,
                                  .style = call.style,
                                  .arguments = call.arguments,
                                  .time_left = call.time_left,
                                  .idempotency_key = call.idempotency_key,
                                  .traceparent = call.traceparent,
                                  .attempt = call.attempt,
                                  .wants_answer = job->wants_answer,
                                  .stop = job->context_.stop};
    Forwarder& forwarder = *job->lane_->policy().forwarder;
    // From here on it may be answered any moment, on another thread.
    job.release();
    ParkedAnswer answer{*this, parked};
    if (cancelled_) {
        // The sweep may have been before the watch.
        return answer(std::unexpected{stopping()});
    }
    try {
        forwarder.forward(forwarded, std::move(answer));
    } catch (const std::exception& error) {
        log_.error(std::string{"a forwarder failed: "} + error.what());
    }
}

void Dispatcher::take_outcome(Job& job, std::expected<ForwardedReply, Failure> outcome) noexcept {
    if (!outcome) {
        return fail(job, std::move(outcome.error()));
    }
    job.message_ = outcome->message.empty() ? protocol::message_default : outcome->message;
    // The answer is encoded before the completion returns, so the data stays where it is.
    job.answer_ = {.message = job.message_, .data = outcome->data};
}

/// Nobody waits for a parked call any more, which may be handled all the same.
void Dispatcher::end_parked(Job& job, Code why) noexcept {
    job.stop_.request_stop();
    switch (why) {
    case Code::expired_in_queue:
        return fail(job, {.code = Code::deadline_exceeded,
                          .message = "The deadline passed after the call was forwarded; it may be "
                                     "handled"});
    case Code::cancelled:
        return fail(job, {.code = Code::cancelled,
                          .message = "The caller's connection is gone; the call was forwarded and "
                                     "may be handled"});
    default:
        return fail(job, {.code = Code::cancelled,
                          .message = "This server is stopping; the call was forwarded and may be "
                                     "handled"});
    }
}

}  // namespace warren::runtime
