#pragma once

#include "metrics/families.hpp"
#include "metrics/host_labels.hpp"

#include <cstdint>
#include <string_view>

namespace warren::metrics {

enum class Side : std::uint8_t { server, client };

/// The samples of each series: requests by outcome, and their durations.
/// in  more: further labels of each
void add_series(Families& families, Side side, const CallSeriesTable& table,
                const Labels& more = {});

/// The same under the names and with the labels of arrpc. The address of the other side is always
/// empty, as there is no bound to how many there are.               [arrpc: metrics on port 9095]
void add_arrpc_series(Families& families, Side side, const CallSeriesTable& table,
                      const HostLabels& host);

}  // namespace warren::metrics
