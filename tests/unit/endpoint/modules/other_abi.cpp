#include <warren/module.hpp>

extern "C" __attribute__((visibility("default")))
const warren::abi::ModuleHeader warren_module{{'W', 'A', 'R', 'R', 'E', 'N', 0, 0},
                                              warren::abi::version + 1,
                                              sizeof(warren::abi::ModuleHeader),
                                              "9.9.9",
                                              nullptr};
