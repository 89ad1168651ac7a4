#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace warren::tracing {

using TraceId = std::array<std::byte, 16>;
using SpanId = std::array<std::byte, 8>;

/// Which span of which trace, and whether the trace is recorded.      [W3C Trace Context 3.2]
struct SpanContext {
    TraceId trace_id{};
    SpanId span_id{};
    bool is_sampled = false;

    friend bool operator==(const SpanContext&, const SpanContext&) = default;
};

/// out  nullopt: it is none
std::optional<SpanContext> parse_traceparent(std::string_view text) noexcept;
/// Of version 00.
std::string traceparent_of(const SpanContext& context);

/// In hexadecimal digits, as texts have ids.
void append_id(std::string& out, const TraceId& id);
void append_id(std::string& out, const SpanId& id);

}  // namespace warren::tracing
