#pragma once

#include <string_view>

namespace warren::app {

/// Whether two addresses of this machine, each HOST:PORT, cannot both be listened at. `localhost`
/// is 127.0.0.1 and [::1] at once, `*` every address.
bool collide(std::string_view one, std::string_view other);

}  // namespace warren::app
