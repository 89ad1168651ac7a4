#pragma once

#include <warren/error.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"

#include <cstddef>
#include <optional>

namespace warren::runtime {

/// What a client sends, whatever the protocol: of a request's arguments.
struct RequestLimits {
    std::size_t nesting_depth_max = core::Limits{}.nesting_depth_max;  // a bare scalar has depth 0
    std::size_t value_count_max = core::Limits{}.value_count_max;      // keys are not counted
};

/// out  invalid_request, which names the limit that the arguments are over; nullopt: none
/// cost O(values), at most one over the limit                                        thread any
std::optional<Failure> refuse_over_limit(const Value& arguments, const RequestLimits& limits);

}  // namespace warren::runtime
