#pragma once

#include <warren/context.hpp>
#include <warren/interceptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Spans of OpenTelemetry for the calls of servers and clients. See docs/guide/tracing.md.
namespace warren {

/// What is left out is taken from the environment, by the names that OpenTelemetry has for it.
struct TracerOptions {
    /// Of a collector: OTLP over HTTP as JSON, such as "https://collector.example:4318"; a path
    /// without "/v1/traces" gets it. Empty: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, as it is, then
    /// OTEL_EXPORTER_OTLP_ENDPOINT, then "http://localhost:4318".
    std::string endpoint{};
    std::string service{};  // empty: OTEL_SERVICE_NAME, then the program's name
    /// Which share of the traces that begin here is recorded, from 0 to 1; others are as it was
    /// decided where they began. Unset: OTEL_TRACES_SAMPLER_ARG, unless OTEL_TRACES_SAMPLER says
    /// always_on or always_off; then 1.
    std::optional<double> sample{};
    /// Of each request, such as {"authorization", "Bearer ..."}. None: OTEL_EXPORTER_OTLP_HEADERS.
    std::vector<std::pair<std::string, std::string>> headers{};

    std::size_t queue_spans_max = 4'096;           // that wait; one more is dropped
    std::size_t batch_spans_max = 512;             // of one request
    std::chrono::milliseconds batch_delay{5'000};  // until what is less is sent
    std::chrono::milliseconds timeout{10'000};     // of one request
    std::uint32_t attempts_max = 5;                // at one, where the collector can be tried again
    std::chrono::milliseconds flush_timeout{5'000};  // of the end
    std::shared_ptr<Log> log{};                      // what goes wrong; null: nowhere
};

/// What became of spans.
struct TracerCounters {
    std::uint64_t exported = 0;
    std::uint64_t dropped = 0;  // there was no room for them
    std::uint64_t failed = 0;   // the collector did not take them
};

/// Sends spans to a collector, from a thread of its own: no call waits for it.
/// thread any
class Tracer {
public:
    class Implementation;  // Warren's own

    explicit Tracer(std::unique_ptr<Implementation> implementation);
    /// Sends what waits, once, for `flush_timeout` at most.
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// Send what waits, and wait until that is done.
    /// out  false: it took longer
    bool flush(std::chrono::milliseconds wait_max);
    /// What became of spans until now.
    TracerCounters counters() const;
    /// For servers and clients of Warren's.
    Implementation& implementation() const noexcept { return *implementation_; }

private:
    const std::unique_ptr<Implementation> implementation_;
};

/// err  throws Error (invalid_request): an endpoint, a share, a limit or a header that cannot be
std::shared_ptr<Tracer> make_tracer(TracerOptions options = {});

/// A span for each call of a server, below the caller's, and below it one for the wait for its
/// handler, and one for the handler; beside it one for the wait at the broker. Handlers and other
/// servers find the span as `Context::traceparent`, and its ids at the end of what they log. To be
/// given first, as the outermost.
std::shared_ptr<ServerInterceptor> server_tracing(std::shared_ptr<Tracer> tracer);

/// A span for each call of a client, below `CallOptions::traceparent`, or else as the first of a
/// trace. Servers get it where the address carries it.
std::shared_ptr<ClientInterceptor> client_tracing(std::shared_ptr<Tracer> tracer);

}  // namespace warren
