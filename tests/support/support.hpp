#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::test {

/// Where the sources lie, and where they were built; without a slash at the end.
std::string source_directory();
std::string binary_directory();

/// The bytes of tests/vectors/<name>.
std::string read_vector(std::string_view name);

/// The seed of this run's random tests: WARREN_TEST_SEED, or fresh. Printed once.
std::uint64_t random_seed();

}  // namespace warren::test
