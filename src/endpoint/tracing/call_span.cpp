#include "endpoint/tracing/call_span.hpp"

#include "core/utf8.hpp"

#include <string>

namespace warren::endpoint {

tracing::Span CallSpan::finished(tracing::SpanKind kind, std::string_view method,
                                 TimePoint began_at, const CallEnd& end) const {
    const std::string name = core::text_for_display(method);
    tracing::Span span{.context = begun_.context,
                       .parent = begun_.parent,
                       .name = name,
                       .kind = kind,
                       .began_ns = unix_ns(began_at),
                       .ended_ns = unix_ns(began_at + end.duration),
                       .attributes = {{"rpc.system", std::string{"warren"}}, {"rpc.method", name}}};
    if (end.failure) {
        span.attributes.push_back({"error.type", std::string{name_of(*end.failure)}});
        span.failure = core::text_for_display(end.message);
    }
    return span;
}

}  // namespace warren::endpoint
