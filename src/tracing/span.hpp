#pragma once

#include "tracing/span_context.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::tracing {

/// As OTLP numbers them.
enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3 };

struct Attribute {
    std::string_view key;  // a literal
    std::variant<std::string, std::int64_t> value;
};

/// What was done from one time to another, as a part of what its parent did.
struct Span {
    SpanContext context{};
    std::optional<SpanId> parent{};  // nullopt: the trace begins with it
    std::string tracestate{};
    std::string name{};
    SpanKind kind = SpanKind::internal;
    std::int64_t began_ns = 0;  // unix
    std::int64_t ended_ns = 0;
    std::vector<Attribute> attributes{};
    std::optional<std::string> failure{};  // what went wrong; nullopt: nothing that is known
};

}  // namespace warren::tracing
