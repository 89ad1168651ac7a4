#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/forwarder.hpp"
#include "runtime/server_end.hpp"

#include <chrono>
#include <exception>
#include <utility>

// How calls are forwarded to other servers, and what comes back becomes a response.
namespace warren::runtime {
namespace {

/// The response to one forwarded call.
class ParkedResponse final : public ForwardSink {
public:
    ParkedResponse(RunningCalls& calls, std::shared_ptr<ParkedCall> parked) noexcept
        : calls_{calls}, parked_{std::move(parked)} {}
    ~ParkedResponse() override {
        if (std::unique_ptr<ServerCall> call = claim()) {
            calls_.fail_internally(*call, "a forwarder let go of the call");
            calls_.finish(std::move(call), At::later);
        }
    }

    /// Whoever would end the call meanwhile leaves that to whoever has it.
    void part(protocol::ResponseKind kind, const Value& data) noexcept override {
        ServerCall* const call = parked_ ? parked_->exchange(nullptr) : nullptr;
        if (call == nullptr) {
            return;
        }
        std::expected<void, Failure> written = std::unexpected{out_of_memory()};  // if it throws
        calls_.guard(*call, [&] { written = call->write_part(kind, data); });
        if (written || written.error().code == Code::contract_mismatch) {
            parked_->store(call);
            return;
        }
        // A response that lacks a part is none.
        parked_.reset();
        call->fail(std::move(written.error()));
        calls_.finish(std::unique_ptr<ServerCall>{call}, At::later);
    }

    void end(std::expected<ForwardedResponse, Failure> outcome) noexcept override {
        std::unique_ptr<ServerCall> call = claim();
        if (call == nullptr) {
            return;
        }
        if (outcome) {
            // The response is encoded before this returns, so that all of it stays where it is.
            call->state.response = {
                .message = outcome->message.empty() ? protocol::message_default : outcome->message,
                .data = outcome->data};
        } else {
            forget_that_server_ends(outcome.error());  // another one ends, not this
            call->fail(std::move(outcome.error()));
        }
        calls_.finish(std::move(call), At::later);
    }

private:
    std::unique_ptr<ServerCall> claim() noexcept {
        const std::shared_ptr<ParkedCall> parked = std::exchange(parked_, nullptr);
        return std::unique_ptr<ServerCall>{parked ? parked->exchange(nullptr) : nullptr};
    }

    RunningCalls& calls_;  // there as long as a call is
    std::shared_ptr<ParkedCall> parked_;
};

class ForwardBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(ServerCall&, const protocol::Call&) override { return true; }

    void start(std::unique_ptr<ServerCall> call, const protocol::Call& request, At) override {
        const auto parked = std::make_shared<ParkedCall>(call.get());
        listener_.watch(*call);
        Arena copies;
        const ForwardedCall forwarded{.method = request.method,
                                      .style = request.style,
                                      .arguments = request.arguments,
                                      .metadata = metadata_of(*call, request.metadata, copies),
                                      .wants_response = call->wants_response,
                                      .runs_anyway = listener_.options().runs_anyway,
                                      .parts = call->state.parts,
                                      .stop = call->state.context.stop};
        // From here on it may be answered any moment, on another thread.
        ServerCall& shared = *call.release();
        listener_.deadlines().put(shared, [&] { shared.state.parked = parked; });
        auto response = std::make_unique<ParkedResponse>(calls_, parked);
        if (calls_.is_cancelled()) {
            // The sweep may have been before the watch.
            return response->end(std::unexpected{stopping()});
        }
        try {
            listener_.options().forwarder->forward(forwarded, std::move(response));
        } catch (const std::exception& error) {
            calls_.log().error(std::string{"a forwarder failed: "} + error.what());
        }
    }

    /// Interceptors may have changed what the call said of itself.
    /// in   copies: for texts, as the call may be answered, and gone, before they are read
    protocol::Metadata metadata_of(const ServerCall& call, protocol::Metadata metadata,
                                   Arena& copies) const {
        if (call.state.policy->interceptors() == nullptr) [[likely]] {
            return metadata;
        }
        const Context& context = call.state.context;
        metadata.idempotency_key = context.idempotency_key;
        metadata.traceparent = context.traceparent;
        metadata.tracestate = context.tracestate;
        metadata.baggage = context.baggage;
        metadata.contract = context.contract;
        metadata.priority = context.priority;
        if (context.deadline) {
            metadata.time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
                *context.deadline - listener_.executor().now());
        }
        return protocol::copy(metadata, copies);
    }

    Failure ended_early(const ServerCall& call, Failure why) const override {
        if (call.state.parked == nullptr) {
            return why;
        }
        if (why.code == Code::expired_in_queue) {
            return {
                .code = Code::deadline_exceeded,
                .message = "The deadline passed after the call was forwarded; it may be handled"};
        }
        const std::string end =
            why.code == Code::cancelled ? std::move(why.message) : "This server is stopping";
        return {.code = Code::cancelled,
                .message = end + "; the call was forwarded and may be handled"};
    }
};

}  // namespace

std::unique_ptr<Backend> make_forward_backend(ListenerContext& listener) {
    return std::make_unique<ForwardBackend>(listener);
}

}  // namespace warren::runtime
