#pragma once

#include "tracing/span_context.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::tracing {

struct BegunSpan {
    SpanContext context{};
    std::optional<SpanId> parent{};  // nullopt: the trace begins with it
};

/// Gives spans their ids, and decides which are recorded: those of a trace that is recorded where
/// it came from; and of the traces that begin here a share, chosen by their ids alone, so that
/// OpenTelemetry's other samplers of that share choose the same.
/// [OpenTelemetry, ParentBased, TraceIdRatioBased]
/// thread any
class Sampler {
public:
    /// in  ratio: from 0, none, to 1, all
    explicit Sampler(double ratio) noexcept;

    /// in   traceparent: the parent's; anything else: there is none
    /// out  nullopt: there are no random bytes
    std::optional<BegunSpan> begin(std::string_view traceparent) const noexcept;
    bool samples(const TraceId& id) const noexcept;

private:
    std::uint64_t bound_;
};

/// A span below another one of this process.
/// out  nullopt: there are no random bytes
std::optional<SpanContext> child_of(const SpanContext& parent) noexcept;

}  // namespace warren::tracing
