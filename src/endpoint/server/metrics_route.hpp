#pragma once

#include "endpoint/address/address.hpp"
#include "metrics/call_series.hpp"

namespace warren::endpoint {

/// How calls to or from an address are told apart in metrics.
metrics::Route metrics_route(const Address& address, bool is_signed);

}  // namespace warren::endpoint
