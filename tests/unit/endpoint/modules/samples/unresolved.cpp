#include <warren/module.hpp>

extern "C" int nobody_defines_this();

WARREN_MODULE(module) {
    module.method("unresolved", [] { return nobody_defines_this(); });
}
