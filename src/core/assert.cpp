#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace warren::core {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: this must hold and does not: %s\n", file, line, condition);
    std::abort();
}

}  // namespace warren::core
