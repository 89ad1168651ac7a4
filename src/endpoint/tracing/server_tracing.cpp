#include <warren/tracing.hpp>

#include "endpoint/tracing/call_span.hpp"
#include "endpoint/tracing/tracer_implementation.hpp"

#include <any>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren {
namespace {

using endpoint::CallSpan;
using tracing::Span;
using tracing::SpanKind;

/// Says at the end of each line which span it is about.
class SpanLog final : public Log {
public:
    SpanLog(Log& log, const tracing::SpanContext& context) noexcept
        : log_{&log}, context_{context} {}

    void write(LogLevel level, std::string_view line) override {
        std::string with_ids{line};
        with_ids += " trace_id=";
        tracing::append_id(with_ids, context_.trace_id);
        with_ids += " span_id=";
        tracing::append_id(with_ids, context_.span_id);
        log_->write(level, with_ids);
    }
    bool shows_calls() const noexcept override { return log_->shows_calls(); }
    Log& log() const noexcept { return *log_; }

private:
    Log* log_;
    tracing::SpanContext context_;
};

struct ServerCallSpan {
    CallSpan span;
    SpanLog log;
};

class ServerTracing final : public ServerInterceptor {
public:
    explicit ServerTracing(std::shared_ptr<Tracer> tracer) : tracer_{std::move(tracer)} {}

    std::optional<Failure> begin(CallAtServer& call) override {
        Context& context = call.context;
        const auto begun = tracer_->implementation().sampler().begin(context.traceparent);
        if (!begun) {
            return std::nullopt;
        }
        auto& state = call.state.emplace<ServerCallSpan>(
            ServerCallSpan{.span = CallSpan{*begun}, .log = SpanLog{*context.log, begun->context}});
        if (!begun->parent) {
            context.tracestate = {};  // of no trace
        }
        context.traceparent = call.keep(tracing::traceparent_of(begun->context));
        context.log = &state.log;
        return std::nullopt;
    }

    void end(const CallAtServer& call, const CallEnd& end) override {
        const auto* const state = std::any_cast<ServerCallSpan>(&call.state);
        if (state == nullptr) {
            return;
        }
        call.context.log = &state->log.log();
        if (state->span.context().is_sampled) {
            record(call, end, state->span);
        }
    }

private:
    void record(const CallAtServer& call, const CallEnd& end, const CallSpan& of_call) const {
        std::vector<Span> spans;
        Span& span = spans.emplace_back(
            of_call.finished(SpanKind::server, call.context.method, call.came_at, end));
        span.tracestate = call.context.tracestate;
        const auto add = [&span](std::string_view key, std::string_view value) {
            if (!value.empty()) {
                span.attributes.push_back({key, std::string{value}});
            }
        };
        add("warren.listener", call.listener);
        add("network.peer.address", call.peer_address);
        add("warren.forwards_to", call.forwards_to);
        if (call.context.attempt > 1) {
            span.attributes.push_back({"warren.attempt", std::int64_t{call.context.attempt}});
        }
        add_waits(call, of_call, spans);
        tracer_->implementation().record(spans);
    }

    /// Where the time went.
    static void add_waits(const CallAtServer& call, const CallSpan& of_call,
                          std::vector<Span>& spans) {
        const tracing::SpanId own = of_call.context().span_id;
        const auto add = [&](std::string name, const tracing::SpanId& parent, std::int64_t began_ns,
                             std::int64_t ended_ns) {
            if (const auto context = tracing::child_of(of_call.context())) {
                spans.push_back({.context = *context,
                                 .parent = parent,
                                 .name = std::move(name),
                                 .began_ns = began_ns,
                                 .ended_ns = ended_ns});
            }
        };
        const std::int64_t came_ns = of_call.unix_ns(call.came_at);
        if (call.sent_at) {
            const std::int64_t sent_ns =
                std::chrono::nanoseconds{call.sent_at->time_since_epoch()}.count();
            // Otherwise the caller's clock is ahead. It is over when the call's own span begins, so
            // it stands beside it.
            if (sent_ns < came_ns) {
                add("broker queue", of_call.parent().value_or(own), sent_ns, came_ns);
            }
        }
        if (call.handler_began_at && call.handler_ended_at) {
            const std::int64_t began_ns = of_call.unix_ns(*call.handler_began_at);
            add("handler queue", own, came_ns, began_ns);
            add("handler", own, began_ns, of_call.unix_ns(*call.handler_ended_at));
        }
    }

    const std::shared_ptr<Tracer> tracer_;
};

}  // namespace

std::shared_ptr<ServerInterceptor> server_tracing(std::shared_ptr<Tracer> tracer) {
    return std::make_shared<ServerTracing>(std::move(tracer));
}

}  // namespace warren
