#pragma once

#include "store/stored_call.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace warren::store {

/// Records as a session wrote them when their calls first began: whoever ends such a call need not
/// look for its record. Whether one is still the same only the database knows.
/// thread one at a time
class HeldRecords {
public:
    struct Record {
        std::int64_t id;
        std::int64_t checksum;
        std::string method;
        std::string request;
    };

    /// One that was written, in a transaction that is not over yet.
    void add(std::int64_t id, std::int64_t checksum, const StoredCall& call) {
        all_.insert_or_assign(added_.emplace_back(call.key),
                              Record{.id = id,
                                     .checksum = checksum,
                                     .method = std::string{call.method},
                                     .request = std::string{call.request}});
    }
    void commit() noexcept { added_.clear(); }
    void rollback() noexcept {
        for (const std::string& key : std::exchange(added_, {})) {
            all_.erase(key);
        }
    }

    /// out  empty: it is not known, as another session began it, or its call is not at its first
    ///      attempt
    std::unordered_map<std::string, Record>::node_type take(const std::string& key) {
        return all_.extract(key);
    }

private:
    std::unordered_map<std::string, Record> all_;
    std::vector<std::string> added_;  // in the transaction that is not over
};

}  // namespace warren::store
