#include "tracing/otlp_json.hpp"

#include <warren/arena.hpp>
#include <warren/value.hpp>
#include <warren/version.hpp>

#include "format/json/json.hpp"

#include <charconv>

namespace warren::tracing {
namespace {

constexpr int status_error = 2;

void append_attributes(std::string& out, std::span<const Attribute> attributes) {
    out += R"("attributes":[)";
    for (const Attribute& attribute : attributes) {
        out += R"({"key":)";
        format::json_append_string(out, attribute.key);
        if (const auto* const text = std::get_if<std::string>(&attribute.value)) {
            out += R"(,"value":{"stringValue":)";
            format::json_append_string(out, *text);
            out += "}},";
        } else {
            // 64 bits are decimal text.  [ProtoJSON]
            out += R"(,"value":{"intValue":")" +
                   std::to_string(std::get<std::int64_t>(attribute.value)) + "\"}},";
        }
    }
    if (out.back() == ',') {
        out.pop_back();
    }
    out += ']';
}

void append_span(std::string& out, const Span& span) {
    out += R"({"traceId":")";
    append_id(out, span.context.trace_id);
    out += R"(","spanId":")";
    append_id(out, span.context.span_id);
    if (span.parent) {
        out += R"(","parentSpanId":")";
        append_id(out, *span.parent);
    }
    out += '"';
    if (!span.tracestate.empty()) {
        out += R"(,"traceState":)";
        format::json_append_string(out, span.tracestate);
    }
    out += R"(,"name":)";
    format::json_append_string(out, span.name);
    out += R"(,"kind":)" + std::to_string(static_cast<int>(span.kind));
    out += R"(,"startTimeUnixNano":")" + std::to_string(span.began_ns);
    out += R"(","endTimeUnixNano":")" + std::to_string(span.ended_ns) + "\",";
    append_attributes(out, span.attributes);
    if (span.failure) {
        out += R"(,"status":{"code":)" + std::to_string(status_error) + R"(,"message":)";
        format::json_append_string(out, *span.failure);
        out += '}';
    }
    out += '}';
}

}  // namespace

std::string otlp_json(std::span<const Attribute> resource, std::span<const Span> spans) {
    std::string out = R"({"resourceSpans":[{"resource":{)";
    append_attributes(out, resource);
    out += R"(},"scopeSpans":[{"scope":{"name":"warren","version":)";
    format::json_append_string(out, WARREN_VERSION);
    out += R"(},"spans":[)";
    for (const Span& span : spans) {
        append_span(out, span);
        out += ',';
    }
    if (out.back() == ',') {
        out.pop_back();
    }
    out += "]}]}]}";
    return out;
}

OtlpResponse read_otlp_response(std::string_view body) {
    Arena arena;
    const auto decoded = format::json_decode(body, arena);
    const Value* const partial = decoded ? decoded->find("partialSuccess") : nullptr;
    OtlpResponse response;
    if (partial == nullptr) {
        return response;
    }
    if (const Value* const text = partial->find("errorMessage");
        text != nullptr && text->is_text()) {
        response.message = text->as_text();
    }
    const Value* const count = partial->find("rejectedSpans");
    if (count != nullptr && count->kind() == Value::Kind::int64) {
        response.rejected_spans = count->as_int64();
    } else if (count != nullptr && count->is_text()) {
        const std::string_view digits = count->as_text();
        std::from_chars(digits.data(), digits.data() + digits.size(), response.rejected_spans);
    }
    return response;
}

}  // namespace warren::tracing
