#pragma once

#include <warren/tracing.hpp>

#include "endpoint/log_queue.hpp"
#include "endpoint/tracing/collector.hpp"
#include "endpoint/tracing/span_exporter.hpp"
#include "tracing/sampler.hpp"
#include "transport/http/http_client.hpp"
#include "transport/loop/asio_executor.hpp"

#include <span>
#include <thread>

namespace warren {

class Tracer::Implementation {
public:
    /// in  options: complete
    Implementation(const TracerOptions& options, endpoint::SpanCollector collector);
    ~Implementation();
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    const tracing::Sampler& sampler() const noexcept { return sampler_; }
    void record(std::span<tracing::Span> spans) { exporter_.add(spans); }
    bool flush(std::chrono::milliseconds wait_max);
    TracerCounters counters() const { return exporter_.counters(); }

private:
    using Empty = void (endpoint::SpanExporter::*)(std::move_only_function<void()> done);

    bool wait_for(Empty empty, std::chrono::milliseconds wait_max);

    const tracing::Sampler sampler_;
    const std::chrono::milliseconds flush_timeout_;
    const std::shared_ptr<endpoint::LogQueue> log_;
    transport::AsioExecutor executor_;
    transport::HttpClient client_;
    endpoint::SpanExporter exporter_;
    std::thread thread_;
};

}  // namespace warren
