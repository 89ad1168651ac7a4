#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace warren::test {

/// Where the sources lie, and where they were built; without a slash at the end.
std::string source_directory();
std::string binary_directory();

/// The bytes of tests/vectors/<name>.
std::string read_vector(std::string_view name);

inline std::span<const std::byte> octets(std::string_view text) {
    return std::as_bytes(std::span{text});
}

/// in  two digits for each octet
std::string from_hex(std::string_view hex);

/// The seed of this run's random tests: WARREN_TEST_SEED, or fresh. Printed once.
std::uint64_t random_seed();

}  // namespace warren::test
