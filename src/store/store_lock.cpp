#include "store/store_lock.hpp"

#include "store/call_record.hpp"

namespace warren::store {
namespace {

/// PostgreSQL's indexes take a third of a page.
constexpr std::size_t lock_name_bytes_max = 255;
/// No key of a lock that has a name begins with it.
constexpr char hashed_prefix = 'H';

}  // namespace

std::string lock_name_of(std::string key) {
    if (key.size() <= lock_name_bytes_max) {
        return key;
    }
    const RequestHash hash = request_hash({}, key);
    std::string name(1, hashed_prefix);
    name.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    return name;
}

}  // namespace warren::store
