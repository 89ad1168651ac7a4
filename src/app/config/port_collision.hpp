#pragma once

#include <warren/listener.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// Where on this machine a listener takes TCP ports, each HOST:PORT.
std::vector<std::string> listened_places(const ListenerOptions& options);

/// Whether two addresses of this machine, each HOST:PORT, cannot both be listened at. `localhost`
/// is 127.0.0.1 and [::1] at once, `*` every address.
bool collide(std::string_view one, std::string_view other);

}  // namespace warren::app
