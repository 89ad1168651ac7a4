#pragma once

#include <warren/error.hpp>
#include <warren/tracing.hpp>

#include "endpoint/http_place.hpp"

#include <expected>

namespace warren::endpoint {

/// The options, and for what they leave out what the environment says.
/// err  invalid_request: a share or a limit that cannot be
std::expected<TracerOptions, Failure> with_environment(TracerOptions options);

/// Where spans go.
using SpanCollector = HttpPlace;

/// How to reach the collector of some options.
/// err  invalid_request: its address or a header cannot be; shows no header's value
std::expected<SpanCollector, Failure> collector_of(const TracerOptions& options);

}  // namespace warren::endpoint
