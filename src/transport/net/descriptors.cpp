#include "transport/net/descriptors.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace warren::transport {
namespace {

// Descriptors for all but the connections: files, other listeners, clients.
constexpr rlim_t other_descriptors = 256;

// How many are kept: a part of all, but for these bounds.
constexpr rlim_t reserved_part = 16;
constexpr rlim_t reserved_min = 2;
constexpr rlim_t reserved_max = 16;

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

bool is_reserved_descriptor(int descriptor, std::size_t times) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return false;
    }
    const rlim_t reserved =
        times * std::clamp(limit.rlim_cur / reserved_part, reserved_min, reserved_max);
    return static_cast<rlim_t>(descriptor) + reserved >= limit.rlim_cur;
}

bool has_descriptor_for_caller(int any) noexcept {
    const int next = ::fcntl(any, F_DUPFD_CLOEXEC, 0);
    if (next < 0) {
        return false;
    }
    ::close(next);
    return !is_reserved_descriptor(next);
}

bool has_descriptors(std::size_t count) {
    std::vector<int> opened;
    while (opened.size() < count) {
        const int next = ::eventfd(0, EFD_CLOEXEC);
        if (next < 0) {
            break;
        }
        opened.push_back(next);
    }
    std::ranges::for_each(opened, ::close);
    return opened.size() == count;
}

}  // namespace warren::transport
