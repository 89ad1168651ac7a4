#include <warren/module.hpp>

WARREN_MODULE(module) {
    module.method("first", [] { return 1; });
    module.method("only_here", [] { return 2; });
}
