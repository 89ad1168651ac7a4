#pragma once

#include <warren/method.hpp>

#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {

/// Why a module, or one method of it, is not served.
struct ModuleProblem {
    std::string file;  // or the directory
    std::string reason;

    friend bool operator==(const ModuleProblem&, const ModuleProblem&) = default;
};

/// Load every shared object (*.so) of some directories, in the order given and by name within each,
/// and register its methods with the file as their origin. A module registers as a whole or, with
/// one problem, not at all; the methods of different modules that share a name are a problem of
/// the later one. Nothing is ever unloaded: types and handlers stay in use.
/// One that was built for another ABI is refused before any of its code runs.
/// out  every problem at once; methods without one are registered
/// thread one at a time; a module's static objects are constructed here
std::vector<ModuleProblem> load_modules(std::span<const std::string> directories,
                                        Registry& registry);

}  // namespace warren::endpoint
