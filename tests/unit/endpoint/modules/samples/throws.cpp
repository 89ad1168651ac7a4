#include <warren/module.hpp>

#include <stdexcept>

WARREN_MODULE(module) {
    module.method("half_way", [] { return 1; });
    throw std::runtime_error{"no database here"};
}
