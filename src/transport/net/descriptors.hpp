#pragma once

#include <cstddef>

namespace warren::transport {

/// Take from the system what it allows of the descriptors that so many connections need.
void ask_for_descriptors(std::size_t connections);

}  // namespace warren::transport
