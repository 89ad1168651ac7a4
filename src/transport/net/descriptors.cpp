#include "transport/net/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace warren::transport {
namespace {

// Descriptors for all but the connections: files, other listeners, clients.
constexpr rlim_t other_descriptors = 256;

}  // namespace

void ask_for_descriptors(std::size_t connections) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    const rlim_t wanted = std::min<rlim_t>(connections + other_descriptors, limit.rlim_max);
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace warren::transport
