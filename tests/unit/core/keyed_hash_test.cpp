#include "core/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::core {
namespace {

TEST(KeyedHash, is_siphash_1_3) {
    // As Python hashes bytes under the key of zeros.
    EXPECT_EQ(siphash({}, "a"), 0x407448d2b89b1813U);
    EXPECT_EQ(siphash({}, "abcdefg"), 0x6db12aae9070f506U);
    EXPECT_EQ(siphash({}, "abcdefgh"), 0x3f7b849c0b8e35eaU);
    EXPECT_EQ(siphash({}, "abcdefghi"), 0xf89b34a3d11eb6e5U);
    EXPECT_EQ(siphash({}, "0123456789abcdef"), 0x1d42b30f7e060c24U);
    EXPECT_EQ(siphash({}, std::string(100, 'x')), 0x12de6d6e12e5750cU);
}

TEST(KeyedHash, depends_on_its_key) {
    EXPECT_NE(siphash({1, 0}, "a"), siphash({0, 0}, "a"));
    EXPECT_NE(siphash({0, 1}, "a"), siphash({0, 0}, "a"));
    EXPECT_NE(KeyedHash{}("a"), siphash({}, "a")) << "the key of the process is not zero";
    EXPECT_EQ(KeyedHash{}("a"), KeyedHash{}("a"));
}

}  // namespace
}  // namespace warren::core
