#pragma once

#include <cstdint>

/// What Python does to a process with threads: forks. Knows no calls.
namespace warren::python {

/// Which process this is, of those that forked from each other since the module was imported. What
/// was made in another one has lost its threads: it must be neither used nor destroyed.
/// thread any
std::uint64_t process_number() noexcept;
/// Have that number change in children from now on.
void count_forks();

}  // namespace warren::python
