#include <warren/module.hpp>

#include <cstdlib>

// Code of another ABI: it must never run.
static const int ran = setenv("WARREN_TEST_OTHER_ABI_RAN", "1", 1);

extern "C" __attribute__((visibility("default")))
const warren::abi::ModuleHeader warren_module{{'W', 'A', 'R', 'R', 'E', 'N', 0, 0},
                                              warren::abi::version + 1,
                                              sizeof(warren::abi::ModuleHeader),
                                              "9.9.9",
                                              nullptr};
