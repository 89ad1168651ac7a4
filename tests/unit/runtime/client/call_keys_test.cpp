#include "runtime/client/call_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>

namespace warren::runtime::call_keys_test {

constexpr std::array<std::uint8_t, 16> octets{0xFF, 0, 1, 2,  3,  4,  5,  6,
                                              7,    8, 9, 10, 11, 12, 13, 14};

TEST(CallKeys, AreTheClientsOctetsAndANumber) {
    CallKeys keys{octets};
    CallKeys::Text text{};
    // The octets are base64url as Python's base64.urlsafe_b64encode has them, without the padding.
    EXPECT_EQ(keys.next(text), "_wABAgMEBQYHCAkKCwwNDg.B");
    EXPECT_EQ(keys.next(text), "_wABAgMEBQYHCAkKCwwNDg.C");
}

TEST(CallKeys, NoTwoAreAlike) {
    std::set<std::string> seen;
    for (const std::uint8_t first : {1, 2}) {
        CallKeys keys{{first}};
        CallKeys::Text text{};
        for (int count = 0; count < 10'000; ++count) {
            const std::string key{keys.next(text)};
            EXPECT_TRUE(seen.insert(key).second) << key;
        }
    }
    EXPECT_TRUE(std::ranges::all_of(
        seen, [](const std::string& key) { return key.size() <= CallKeys::bytes_max; }));
}

}  // namespace warren::runtime::call_keys_test
