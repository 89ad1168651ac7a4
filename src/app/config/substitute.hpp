#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace warren::app {

struct Substituted {
    std::string text;
    bool changed = false;  // some variable stood in it
};

/// Replace "${NAME}" by what the environment has under that name; "$${" stands for "${" itself.
/// err  one sentence: a variable that is not set, a brace that is never closed, no valid name
std::expected<Substituted, std::string> substitute_environment(std::string_view text);

}  // namespace warren::app
