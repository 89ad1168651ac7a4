#pragma once

#include "tracing/span.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::tracing {

/// Spans as the body of a request to a collector.
/// [OTLP 1.0, JSON Protobuf Encoding; opentelemetry-proto, ExportTraceServiceRequest]
/// in   resource: what made them, such as `service.name`; texts are valid UTF-8
std::string otlp_json(std::span<const Attribute> resource, std::span<const Span> spans);

/// What a collector that took a request says in its response.
struct OtlpResponse {
    std::int64_t rejected_spans = 0;
    std::string message{};  // of ours or the peer's; may be empty
};

/// out  nothing rejected also where it cannot be read: it is there for people
OtlpResponse read_otlp_response(std::string_view body);

}  // namespace warren::tracing
