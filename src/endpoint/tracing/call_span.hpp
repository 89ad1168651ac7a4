#pragma once

#include <warren/interceptor.hpp>

#include "tracing/sampler.hpp"
#include "tracing/span.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace warren::endpoint {

/// The span of a call that is under way, and which time it is there.
class CallSpan {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit CallSpan(const tracing::BegunSpan& begun) noexcept : begun_{begun} {}

    const tracing::SpanContext& context() const noexcept { return begun_.context; }
    const std::optional<tracing::SpanId>& parent() const noexcept { return begun_.parent; }
    /// In nanoseconds: by the clock as it was when the span began, so that no later change of it
    /// lets something end before it begins.
    std::int64_t unix_ns(TimePoint when) const noexcept {
        return (when + clock_difference_).time_since_epoch().count();
    }

    /// What there is to say of it at either side, once it has ended.
    /// in   method: any bytes
    tracing::Span finished(tracing::SpanKind kind, std::string_view method, TimePoint began_at,
                           const CallEnd& end) const;

private:
    tracing::BegunSpan begun_;
    std::chrono::nanoseconds clock_difference_ =
        std::chrono::system_clock::now().time_since_epoch() -
        std::chrono::steady_clock::now().time_since_epoch();
};

}  // namespace warren::endpoint
