#include <warren/module.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace {

constexpr std::array<const char*, 4> names{"off", "starting", "on", "failed"};

std::string get_state_name(std::size_t state) {
    if (state >= names.size()) {
        throw warren::Error{"There is no such state"};
    }
    return names[state];
}

}  // namespace

/// Functions with names in one another, as callme's servers have them.
WARREN_MODULE(states) {
    states.method("examples.get_state_name", get_state_name, {"state"});
}
