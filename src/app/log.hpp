#pragma once

#include <warren/context.hpp>

#include "app/config/config.hpp"
#include "endpoint/log_queue.hpp"

#include <memory>

namespace warren::app {

/// Log lines to standard error, as text or as one JSON object each. Who writes never waits for who
/// reads.
std::shared_ptr<endpoint::LogQueue> make_log(LogLevel least, LogFormat format);

/// Show lines from another level on.
void show(endpoint::LogQueue& log, LogLevel least) noexcept;

}  // namespace warren::app
