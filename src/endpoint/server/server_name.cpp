#include "endpoint/server/server_name.hpp"

#include <unistd.h>

#include <array>

namespace warren::endpoint {

std::string name_of_this_server() {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) {
        host[0] = '?';
    }
    return std::string{host.data()} + " (process " + std::to_string(getpid()) + ")";
}

}  // namespace warren::endpoint
