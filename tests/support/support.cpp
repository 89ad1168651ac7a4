#include "support/support.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace warren::test {

std::string source_directory() {
    return WARREN_SOURCE_DIR;
}

std::string binary_directory() {
    return WARREN_BINARY_DIR;
}

std::string read_vector(std::string_view name) {
    const std::string path = std::string{WARREN_TEST_VECTORS} + '/' + std::string{name};
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw std::runtime_error{"cannot read " + path};
    }
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(std::string{hex.substr(at, 2)}, nullptr, 16));
    }
    return bytes;
}

std::uint64_t random_seed() {
    static const std::uint64_t seed = [] {
        const char* given = std::getenv("WARREN_TEST_SEED");
        const std::uint64_t chosen =
            given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::printf("WARREN_TEST_SEED=%llu\n", static_cast<unsigned long long>(chosen));
        return chosen;
    }();
    return seed;
}

}  // namespace warren::test
