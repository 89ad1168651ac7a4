#include "tracing/span_context.hpp"

#include "protocol/trace_context.hpp"

#include <span>

namespace warren::tracing {
namespace {

// "00-", the trace's id, "-", the span's, "-", flags
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t traceparent_bytes = 55;

/// in  a lower-case hexadecimal digit
constexpr unsigned value_of(char digit) noexcept {
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/// in  text: twice as many digits
void read(std::string_view text, std::span<std::byte> id) noexcept {
    for (std::size_t at = 0; at < id.size(); ++at) {
        id[at] = static_cast<std::byte>(value_of(text[2 * at]) << 4 | value_of(text[2 * at + 1]));
    }
}

void append(std::string& out, std::span<const std::byte> id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::size_t at = out.size();
    out.resize(at + 2 * id.size());
    for (const std::byte octet : id) {
        out[at++] = digits[std::to_integer<std::size_t>(octet >> 4)];
        out[at++] = digits[std::to_integer<std::size_t>(octet & std::byte{0x0f})];
    }
}

}  // namespace

std::optional<SpanContext> parse_traceparent(std::string_view text) noexcept {
    if (!protocol::is_traceparent(text)) {
        return std::nullopt;
    }
    SpanContext context{.is_sampled = (value_of(text[flags_at + 1]) & 1U) != 0};
    read(text.substr(trace_at), context.trace_id);
    read(text.substr(span_at), context.span_id);
    return context;
}

std::string traceparent_of(const SpanContext& context) {
    std::string text;
    text.reserve(traceparent_bytes);
    text += "00-";
    append(text, context.trace_id);
    text += '-';
    append(text, context.span_id);
    text += context.is_sampled ? "-01" : "-00";
    return text;
}

void append_id(std::string& out, const TraceId& id) {
    append(out, id);
}

void append_id(std::string& out, const SpanId& id) {
    append(out, id);
}

}  // namespace warren::tracing
