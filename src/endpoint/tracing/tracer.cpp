#include <warren/tracing.hpp>

#include "core/utf8.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/tracing/collector.hpp"
#include "endpoint/tracing/tracer_implementation.hpp"

#include <unistd.h>

#include <future>
#include <utility>

namespace warren {
namespace {

std::vector<tracing::Attribute> resource_of(const TracerOptions& options) {
    char host[256] = {};
    static_cast<void>(::gethostname(host, sizeof host - 1));
    return {{"service.name", core::text_for_display(options.service)},
            {"host.name", std::string{host}},
            {"process.pid", std::int64_t{::getpid()}},
            {"telemetry.sdk.name", std::string{"warren"}},
            {"telemetry.sdk.language", std::string{"cpp"}},
            {"telemetry.sdk.version", std::string{WARREN_VERSION}}};
}

}  // namespace

Tracer::Implementation::Implementation(const TracerOptions& options,
                                       endpoint::SpanCollector collector)
    : sampler_{*options.sample},
      flush_timeout_{options.flush_timeout},
      log_{endpoint::queued(options.log)},
      client_{executor_, std::move(collector.client)},
      exporter_{executor_,
                *log_,
                [this, path = std::move(collector.path)](const std::string& body,
                                                         endpoint::SpanExporter::Done done) {
                    client_.post(path, body, std::move(done));
                },
                {.resource = resource_of(options),
                 .queue_spans_max = options.queue_spans_max,
                 .batch_spans_max = options.batch_spans_max,
                 .batch_delay = options.batch_delay,
                 .attempts_max = options.attempts_max}},
      thread_{[this] { executor_.run(); }} {}

Tracer::Implementation::~Implementation() {
    if (!wait_for(&endpoint::SpanExporter::close, flush_timeout_)) {
        log_->error("tracing: the end came before all spans were sent (flush_timeout)");
    }
    executor_.stop();
    thread_.join();
}

bool Tracer::Implementation::flush(std::chrono::milliseconds wait_max) {
    return wait_for(&endpoint::SpanExporter::flush, wait_max);
}

bool Tracer::Implementation::wait_for(Empty empty, std::chrono::milliseconds wait_max) {
    const auto emptied = std::make_shared<std::promise<void>>();
    executor_.post(
        [this, empty, emptied] { (exporter_.*empty)([emptied] { emptied->set_value(); }); });
    return emptied->get_future().wait_for(wait_max) == std::future_status::ready;
}

Tracer::Tracer(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}

Tracer::~Tracer() = default;

bool Tracer::flush(std::chrono::milliseconds wait_max) {
    return implementation_->flush(wait_max);
}

TracerCounters Tracer::counters() const {
    return implementation_->counters();
}

std::shared_ptr<Tracer> make_tracer(TracerOptions options) {
    const TracerOptions complete =
        endpoint::value_or_throw(endpoint::with_environment(std::move(options)));
    auto collector = endpoint::value_or_throw(endpoint::collector_of(complete));
    return std::make_shared<Tracer>(
        std::make_unique<Tracer::Implementation>(complete, std::move(collector)));
}

}  // namespace warren
