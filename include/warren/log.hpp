#pragma once

#include <warren/context.hpp>

#include <memory>

namespace warren {

/// A log for the options of a server or client that writes to standard error: whole lines, each
/// with its time and level, as `warren serve` does. Several may be in use at once.
/// in   least: what is less than this is left out; debug shows each call
std::shared_ptr<Log> stderr_log(LogLevel least = LogLevel::info);

}  // namespace warren
