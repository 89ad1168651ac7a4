#pragma once

#include "core/keyed_hash.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace warren::transport {

/// Names that something is known of, so many at most. Those that were asked for lately stay.
class NameSet {
public:
    void add(std::string_view name) {
        if (contains(name)) {
            return;
        }
        if (recent_.size() == names_max / 2) {
            older_ = std::exchange(recent_, {});
        }
        recent_.emplace(name);
    }

    void remove(std::string_view name) {
        for (Names* const names : {&recent_, &older_}) {
            if (!names->empty() && names->contains(name)) {
                names->erase(names->find(name));
            }
        }
    }

    bool contains(std::string_view name) {
        if (recent_.contains(name)) {
            return true;
        }
        const auto found = older_.find(name);
        if (found == older_.end()) {
            return false;
        }
        older_.erase(found);
        add(name);
        return true;
    }

    static constexpr std::size_t names_max = 4096;

private:
    using Names = std::unordered_set<std::string, core::KeyedHash, std::equal_to<>>;

    Names recent_;
    Names older_;
};

}  // namespace warren::transport
