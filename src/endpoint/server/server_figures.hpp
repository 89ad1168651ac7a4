#pragma once

#include "endpoint/log_queue.hpp"
#include "metrics/text.hpp"
#include "runtime/dispatch/dispatcher.hpp"

namespace warren::endpoint {

/// What a server has done and has now, but for its listeners, proxies and store.          thread
/// any
metrics::ServerFigures figures_of(const runtime::Dispatcher& dispatcher, const LogQueue& log);

}  // namespace warren::endpoint
