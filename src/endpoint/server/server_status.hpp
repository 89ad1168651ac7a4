#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"
#include "metrics/text.hpp"

#include <string>
#include <vector>

namespace warren::endpoint {

/// What is known of a server at one time.
struct ServerState {
    const contract::Document& methods;                    // all that it has
    std::vector<contract::ListenerDocument> listeners{};  // of its methods
    std::vector<std::string> displays{};                  // of all listeners, proxies included
    std::vector<std::string> not_ready{};                 // why; empty: it is
    const metrics::CallSeriesTable& series;
    metrics::ServerFigures figures{};
    double uptime_s = 0;
};

/// That as data, for programs: docs/guide/operating.md says what is where.
Dynamic status_data(const ServerState& state);
/// The same for people, as a page of HTML.
std::string status_page(const Dynamic& status);

}  // namespace warren::endpoint
