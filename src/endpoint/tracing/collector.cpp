#include "endpoint/tracing/collector.hpp"

#include "core/percent.hpp"
#include "endpoint/failures.hpp"

#include <errno.h>  // NOLINT: program_invocation_short_name is GNU's

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view traces_path = "/v1/traces";

std::string_view environment(const char* name) noexcept {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

/// Of an address for all signals.                       [OTLP Exporter, Endpoint URLs for
/// OTLP/HTTP]
std::string with_path(std::string_view base) {
    while (base.ends_with('/')) {
        base.remove_suffix(1);
    }
    return std::string{base} + std::string{base.ends_with(traces_path) ? "" : traces_path};
}

std::string endpoint_of_environment() {
    if (const std::string_view traces = environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        !traces.empty()) {
        return std::string{traces};
    }
    const std::string_view all = environment("OTEL_EXPORTER_OTLP_ENDPOINT");
    return with_path(all.empty() ? "http://localhost:4318" : all);
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto is_space = [](char character) { return character == ' ' || character == '\t'; };
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// "NAME=VALUE,NAME=VALUE", the values percent-encoded.
Headers headers_of_environment() {
    Headers headers;
    std::string_view rest = environment("OTEL_EXPORTER_OTLP_HEADERS");
    while (!rest.empty()) {
        const std::string_view each = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), each.size() + 1));
        const std::size_t equals = each.find('=');
        if (equals != std::string_view::npos) {
            const std::string_view value = trimmed(each.substr(equals + 1));
            headers.emplace_back(trimmed(each.substr(0, equals)),
                                 core::percent_decode(value).value_or(std::string{value}));
        }
    }
    return headers;
}

/// Of a sampler that has none its argument is something else.
std::expected<double, Failure> sample_of_environment() {
    std::string_view sampler = environment("OTEL_TRACES_SAMPLER");
    if (constexpr std::string_view parent = "parentbased_"; sampler.starts_with(parent)) {
        sampler.remove_prefix(parent.size());
    }
    const std::string_view text = environment("OTEL_TRACES_SAMPLER_ARG");
    if (sampler == "always_off") {
        return 0;
    }
    if (text.empty() || (!sampler.empty() && sampler != "traceidratio")) {
        return 1;
    }
    double ratio = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ratio);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return refused("OTEL_TRACES_SAMPLER_ARG is no share from 0 to 1");
    }
    return ratio;
}

}  // namespace

std::expected<TracerOptions, Failure> with_environment(TracerOptions options) {
    options.endpoint =
        options.endpoint.empty() ? endpoint_of_environment() : with_path(options.endpoint);
    if (options.service.empty()) {
        options.service = environment("OTEL_SERVICE_NAME");
    }
    if (options.service.empty()) {
        options.service = program_invocation_short_name;
    }
    if (options.headers.empty()) {
        options.headers = headers_of_environment();
    }
    if (!options.sample) {
        const auto sample = sample_of_environment();
        if (!sample) {
            return std::unexpected{sample.error()};
        }
        options.sample = *sample;
    }
    if (!(*options.sample >= 0 && *options.sample <= 1)) {
        return refused("The share of traces that are recorded is from 0 to 1");
    }
    if (options.queue_spans_max == 0 || options.batch_spans_max == 0 || options.attempts_max == 0) {
        return refused("Of spans that wait, spans of a request and attempts there is one at least");
    }
    return options;
}

std::expected<SpanCollector, Failure> collector_of(const TracerOptions& options) {
    return http_place({.address = options.endpoint,
                       .peer = "collector",
                       .headers = options.headers,
                       .timeout = options.timeout});
}

}  // namespace warren::endpoint
