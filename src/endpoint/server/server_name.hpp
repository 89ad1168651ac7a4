#pragma once

#include <string>

namespace warren::endpoint {

/// This process, for people.
std::string name_of_this_server();

}  // namespace warren::endpoint
