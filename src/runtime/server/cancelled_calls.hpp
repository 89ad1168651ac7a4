#pragma once

#include <warren/types.hpp>

#include "core/keyed_hash.hpp"
#include "runtime/clock.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::runtime {

/// Calls that were cancelled and whose requests may still come, or come again. Over the limit the
/// oldest one is forgotten, and then runs. Of a request that says whose it is, only that user's
/// cancellation counts.          thread one
class CancelledCalls {
public:
    static constexpr std::size_t entries_max = 65'536;

    /// in   user_id: who cancelled it; expires: when its request comes no more
    void add(const Uuid& id, std::string_view user_id, TimePoint expires);
    /// in   user_id: whose the request is; empty: it does not say
    bool contains(const Uuid& id, std::string_view user_id, TimePoint now);
    bool empty() const noexcept { return order_.empty(); }
    std::size_t size() const noexcept { return order_.size(); }

private:
    struct Hash {
        std::size_t operator()(const Uuid& id) const noexcept {
            return core::KeyedHash{}(
                {reinterpret_cast<const char*>(id.octets.data()), id.octets.size()});
        }
    };

    struct Cancelled {
        std::string user_id;
        TimePoint expires;
    };

    void forget_oldest();

    std::unordered_map<Uuid, Cancelled, Hash> calls_;
    std::deque<Uuid> order_;  // as they came
};

}  // namespace warren::runtime
