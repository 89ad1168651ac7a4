#include "runtime/backend.hpp"
#include "runtime/forwarder.hpp"

#include <exception>
#include <utility>

// How calls go on to other servers, and what comes back becomes an answer.
namespace warren::runtime {
namespace {

/// The completion of one forwarded call.
class ParkedAnswer {
public:
    ParkedAnswer(RunningCalls& calls, std::shared_ptr<ParkedJob> parked) noexcept
        : calls_{&calls}, parked_{std::move(parked)} {}
    ParkedAnswer(ParkedAnswer&&) noexcept = default;
    ParkedAnswer& operator=(ParkedAnswer&&) = delete;
    ~ParkedAnswer() {
        if (std::unique_ptr<Job> job = claim()) {
            calls_->fail_internally(*job, "a forwarder let go of the call");
            calls_->finish(std::move(job), At::later);
        }
    }

    void operator()(std::expected<ForwardedReply, Failure> outcome) noexcept {
        std::unique_ptr<Job> job = claim();
        if (job == nullptr) {
            return;
        }
        if (outcome) {
            JobState& state = job->state;
            state.message = outcome->message.empty() ? protocol::message_default : outcome->message;
            // The answer is encoded before this returns, so the data stays where it is.
            state.answer = {.message = state.message, .data = outcome->data};
        } else {
            job->fail(std::move(outcome.error()));
        }
        calls_->finish(std::move(job), At::later);
    }

private:
    std::unique_ptr<Job> claim() noexcept {
        const std::shared_ptr<ParkedJob> parked = std::exchange(parked_, nullptr);
        return std::unique_ptr<Job>{parked ? parked->exchange(nullptr) : nullptr};
    }

    RunningCalls* calls_;  // there as long as a job is
    std::shared_ptr<ParkedJob> parked_;
};

class ForwardBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(Job&, const protocol::Call&) override { return true; }

    void start(std::unique_ptr<Job> job, const protocol::Call& call, At) override {
        const auto parked = std::make_shared<ParkedJob>(job.get());
        lane_.watch(*job);
        const ForwardedCall forwarded{.method = call.method,
                                      .style = call.style,
                                      .arguments = call.arguments,
                                      .time_left = call.time_left,
                                      .idempotency_key = call.idempotency_key,
                                      .traceparent = call.traceparent,
                                      .attempt = call.attempt,
                                      .wants_answer = job->wants_answer,
                                      .stop = job->state.context.stop};
        // From here on it may be answered any moment, on another thread.
        Job& shared = *job.release();
        lane_.deadlines().put(shared, [&] { shared.state.parked = parked; });
        ParkedAnswer answer{calls_, parked};
        if (calls_.is_cancelled()) {
            // The sweep may have been before the watch.
            return answer(std::unexpected{stopping()});
        }
        try {
            lane_.policy().forwarder->forward(forwarded, std::move(answer));
        } catch (const std::exception& error) {
            calls_.log().error(std::string{"a forwarder failed: "} + error.what());
        }
    }

    Failure ended_early(const Job& job, Failure why) const override {
        if (job.state.parked == nullptr) {
            return why;
        }
        if (why.code == Code::expired_in_queue) {
            return {
                .code = Code::deadline_exceeded,
                .message = "The deadline passed after the call was forwarded; it may be handled"};
        }
        const std::string_view end = why.code == Code::cancelled ? "The caller's connection is gone"
                                                                 : "This server is stopping";
        return {.code = Code::cancelled,
                .message = std::string{end} + "; the call was forwarded and may be handled"};
    }
};

}  // namespace

std::unique_ptr<Backend> make_forward_backend(Lane& lane) {
    return std::make_unique<ForwardBackend>(lane);
}

}  // namespace warren::runtime
