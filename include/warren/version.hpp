#pragma once

#if __cplusplus < 202100L
#error "Warren needs C++23: g++ 12 or clang 19, or a later one, with -std=c++23"
// Ends the compilation, which would say the same in hundreds of other ways.
#include <warren/needs_cxx23>
#endif

/// The release of these headers, as text.
#define WARREN_VERSION "0.1.0"
