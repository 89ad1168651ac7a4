#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::test {

/// The bytes of tests/vectors/<name>.
std::string read_vector(std::string_view name);

/// The seed of this run's random tests: WARREN_TEST_SEED, or fresh. Printed once.
std::uint64_t random_seed();

}  // namespace warren::test
