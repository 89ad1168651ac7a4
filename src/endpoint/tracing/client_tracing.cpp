#include <warren/tracing.hpp>

#include "endpoint/tracing/call_span.hpp"
#include "endpoint/tracing/tracer_implementation.hpp"

#include <any>
#include <chrono>
#include <span>
#include <string>
#include <utility>

namespace warren {
namespace {

struct ClientCallSpan {
    endpoint::CallSpan span;
    endpoint::CallSpan::TimePoint began_at;
};

class ClientTracing final : public ClientInterceptor {
public:
    explicit ClientTracing(std::shared_ptr<Tracer> tracer) : tracer_{std::move(tracer)} {}

    std::optional<Failure> begin(CallAtClient& call) override {
        std::string& traceparent = call.options.traceparent;
        const auto begun = tracer_->implementation().sampler().begin(traceparent);
        if (!begun) {
            return std::nullopt;
        }
        if (call.carries_metadata) {
            traceparent = tracing::traceparent_of(begun->context);
        }
        if (begun->context.is_sampled) {
            call.state.emplace<ClientCallSpan>(endpoint::CallSpan{*begun},
                                               std::chrono::steady_clock::now());
        }
        return std::nullopt;
    }

    void end(const CallAtClient& call, const CallEnd& end) override {
        const auto* const state = std::any_cast<ClientCallSpan>(&call.state);
        if (state == nullptr) {
            return;
        }
        tracing::Span span =
            state->span.finished(tracing::SpanKind::client, call.method, state->began_at, end);
        span.tracestate = call.options.tracestate;
        span.attributes.push_back({"warren.address", std::string{call.address}});
        tracer_->implementation().record(std::span{&span, 1});
    }

private:
    const std::shared_ptr<Tracer> tracer_;
};

}  // namespace

std::shared_ptr<ClientInterceptor> client_tracing(std::shared_ptr<Tracer> tracer) {
    return std::make_shared<ClientTracing>(std::move(tracer));
}

}  // namespace warren
