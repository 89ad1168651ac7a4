#pragma once

#include "app/config/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// Say of each listener, and of each proxy's, where it is.
void set_places(Config& config);

/// What of another configuration a server takes that runs.
struct ConfigChanges {
    /// Which listener of the other configuration each one that runs becomes, those of proxies last;
    /// none: there is none at its place, and it stays as it is.
    std::vector<std::optional<std::size_t>> listeners{};
    // Keys, as people write them; of a listener that has gone where it is.
    std::vector<std::string> applied{};
    std::vector<std::string> need_restart{};
    /// What the running configuration says once these are applied.
    ConfigValues values{};
};

/// Hold another configuration against the one that runs. Listeners are told apart by their places,
/// wherever they stand in the file: what one has is never given to another.
ConfigChanges compare(const Config& running, const Config& wanted);

}  // namespace warren::app
