#include "runtime/backend.hpp"
#include "runtime/forwarder.hpp"

#include <exception>
#include <utility>

// How calls go on to other servers, and what comes back becomes an answer.
namespace warren::runtime {
namespace {

/// The response to one forwarded call.
class ParkedResponse final : public ForwardedResponse {
public:
    ParkedResponse(RunningCalls& calls, std::shared_ptr<ParkedJob> parked) noexcept
        : calls_{calls}, parked_{std::move(parked)} {}
    ~ParkedResponse() override {
        if (std::unique_ptr<Job> job = claim()) {
            calls_.fail_internally(*job, "a forwarder let go of the call");
            calls_.finish(std::move(job), At::later);
        }
    }

    /// Whoever would end the call meanwhile leaves that to whoever has it.
    void part(const Value& data) noexcept override {
        Job* const job = parked_ ? parked_->exchange(nullptr) : nullptr;
        if (job == nullptr) {
            return;
        }
        std::expected<void, Failure> written = std::unexpected{out_of_memory()};  // if it throws
        calls_.guard(*job, [&] { written = job->write_part(data); });
        if (written || written.error().code == Code::contract_mismatch) {
            parked_->store(job);
            return;
        }
        // A response that lacks a part is none.
        parked_.reset();
        job->fail(std::move(written.error()));
        calls_.finish(std::unique_ptr<Job>{job}, At::later);
    }

    void end(std::expected<ForwardedReply, Failure> outcome) noexcept override {
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
        calls_.finish(std::move(job), At::later);
    }

private:
    std::unique_ptr<Job> claim() noexcept {
        const std::shared_ptr<ParkedJob> parked = std::exchange(parked_, nullptr);
        return std::unique_ptr<Job>{parked ? parked->exchange(nullptr) : nullptr};
    }

    RunningCalls& calls_;  // there as long as a job is
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
                                      .metadata = call.metadata,
                                      .wants_answer = job->wants_answer,
                                      .stop = job->state.context.stop};
        // From here on it may be answered any moment, on another thread.
        Job& shared = *job.release();
        lane_.deadlines().put(shared, [&] { shared.state.parked = parked; });
        auto response = std::make_unique<ParkedResponse>(calls_, parked);
        if (calls_.is_cancelled()) {
            // The sweep may have been before the watch.
            return response->end(std::unexpected{stopping()});
        }
        try {
            lane_.policy().forwarder->forward(forwarded, std::move(response));
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
