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

bool log_in(const std::string& user, const std::string& password) {
    return !user.empty() && password == "what its caller chose";
}

}  // namespace

/// Functions with names in one another, as callme's servers have them, and one with a secret that
/// is known by its name.
WARREN_MODULE(states) {
    states.method("log_in", log_in, {"user", "password"});
    states.method("examples.get_state_name", get_state_name, {"state"});
}
