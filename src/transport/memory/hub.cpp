#include "transport/memory/hub.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace warren::transport {

std::shared_ptr<MemoryHub> memory_hub(std::string_view name) {
    // A name in the process is what an address is in a network; there is no other way for two ends
    // to meet.
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<MemoryHub>, std::less<>> hubs;
    const std::lock_guard guard{mutex};
    std::erase_if(hubs, [](const auto& entry) { return entry.second.expired(); });
    if (const auto found = hubs.find(name); found != hubs.end()) {
        if (std::shared_ptr<MemoryHub> known = found->second.lock()) {
            return known;
        }
    }
    auto made = std::make_shared<MemoryHub>();
    hubs.insert_or_assign(std::string{name}, made);
    return made;
}

}  // namespace warren::transport
