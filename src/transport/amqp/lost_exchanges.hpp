#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

/// Exchanges that do not take our replies: publishing to one closes the channel.
class LostExchanges {
public:
    void learn(std::string_view name) {
        if (names_.size() == names_max) {
            names_.erase(names_.begin());
        }
        names_.emplace_back(name);
    }

    /// Whatever was wrong with it may have been put right.
    void forget(std::string_view name) {
        if (!names_.empty()) {
            std::erase(names_, name);
        }
    }

    bool contains(std::string_view name) const noexcept {
        return std::ranges::find(names_, name) != names_.end();
    }

    static constexpr std::size_t names_max = 64;

private:
    std::vector<std::string> names_;
};

}  // namespace warren::transport
