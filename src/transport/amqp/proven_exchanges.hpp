#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/keyed_hash.hpp"

namespace warren::transport {

/// Exchanges that have lately taken a message of ours. When there are too many all are forgotten,
/// and those in use are soon known again.
class ProvenExchanges {
public:
    void add(std::string_view exchange) {
        if (contains(exchange)) {
            return;
        }
        if (names_.size() == names_max) {
            names_.clear();
        }
        names_.emplace(exchange);
    }

    void remove(std::string_view exchange) {
        if (const auto found = names_.find(exchange); found != names_.end()) {
            names_.erase(found);
        }
    }

    bool contains(std::string_view exchange) const { return names_.contains(exchange); }

    static constexpr std::size_t names_max = 4096;

private:
    std::unordered_set<std::string, core::KeyedHash, std::equal_to<>> names_;
};

}  // namespace warren::transport
