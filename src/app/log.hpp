#pragma once

#include <warren/context.hpp>

#include <memory>

#include "app/config/config.hpp"

namespace warren::app {

/// Log lines to standard error, as text or as one JSON object each.
std::shared_ptr<Log> make_log(LogLevel least, LogFormat format);

}  // namespace warren::app
