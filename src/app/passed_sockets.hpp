#pragma once

#include "app/config/config.hpp"

#include <string>
#include <vector>

namespace warren::app {

/// Give the sockets that systemd has passed to this process to the listeners that name them, and to
/// the admin address. Before any thread starts.
/// out  every problem, a line of text each: also of a socket that nobody names, as whoever connects
///      to it would wait for ever
std::vector<std::string> take_passed_sockets(Config& config);

}  // namespace warren::app
