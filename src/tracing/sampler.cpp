#include "tracing/sampler.hpp"

#include "protocol/random_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace warren::tracing {
namespace {

/// Makes many at a time: to ask for a few costs OpenSSL as much.
bool fill(std::span<std::byte> target) noexcept {
    thread_local std::array<std::byte, 1024> random;
    thread_local std::size_t used = random.size();
    if (random.size() - used < target.size()) {
        if (!protocol::fill_randomly(random)) {
            return false;
        }
        used = 0;
    }
    std::ranges::copy(std::span{random}.subspan(used, target.size()), target.begin());
    used += target.size();
    return true;
}

}  // namespace

Sampler::Sampler(double ratio) noexcept
    : bound_{ratio >= 1 ? std::uint64_t{1} << 63 : static_cast<std::uint64_t>(ratio * 0x1p63)} {}

std::optional<BegunSpan> Sampler::begin(std::string_view traceparent) const noexcept {
    if (const auto parent = parse_traceparent(traceparent)) {
        const auto context = child_of(*parent);
        return context ? std::optional{BegunSpan{*context, parent->span_id}} : std::nullopt;
    }
    SpanContext context;
    if (!fill(context.trace_id) || !fill(context.span_id)) {
        return std::nullopt;
    }
    context.is_sampled = samples(context.trace_id);
    return BegunSpan{.context = context};
}

bool Sampler::samples(const TraceId& id) const noexcept {
    std::uint64_t number = 0;
    for (std::size_t at = id.size() - sizeof number; at < id.size(); ++at) {
        number = number << 8 | std::to_integer<std::uint64_t>(id[at]);
    }
    return number >> 1 < bound_;
}

std::optional<SpanContext> child_of(const SpanContext& parent) noexcept {
    SpanContext child = parent;
    return fill(child.span_id) ? std::optional{child} : std::nullopt;
}

}  // namespace warren::tracing
