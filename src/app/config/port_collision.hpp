#pragma once

#include <warren/listener.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// Where on this machine a listener listens: TCP ports, each HOST:PORT, and ipc://PATH and
/// inproc://NAME, each in one of the ways to write it.
std::vector<std::string> listened_endpoints(const ListenerOptions& options);

/// Where on this machine a target is that binds, as a publisher does.
/// in   target: a client's address
std::vector<std::string> published_endpoints(const std::string& target);

bool has_port(std::string_view endpoint);

/// Whether two of these places cannot both be listened at. `localhost` is 127.0.0.1 and [::1] at
/// once, `*` every address.
bool collide(std::string_view one, std::string_view other);

}  // namespace warren::app
