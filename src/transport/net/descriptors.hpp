#pragma once

#include <cstddef>

namespace warren::transport {

/// Take from the system what it allows of the descriptors that so many connections need.
void ask_for_descriptors(std::size_t connections);

/// Whether a descriptor is one of the last that the process may have. The lowest that is free is
/// always the next, so that all others are in use then. These few are not given to callers: they
/// are for who asks how the process is, and for what handlers and clients open.
/// in  times: as many as are kept for that, so often
bool is_reserved_descriptor(int descriptor, std::size_t times = 1) noexcept;

/// Whether one more connection would leave those.
/// in  any: a descriptor that is open
bool has_descriptor_for_caller(int any) noexcept;

/// Whether so many more could be opened now.
bool has_descriptors(std::size_t count);

}  // namespace warren::transport
