#include <warren/types.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <unordered_set>

namespace warren {
namespace {

constexpr std::string_view text = "67e55044-10b1-426f-9247-bb680e5fe0c8";

TEST(Uuid, IsReadAndWritten) {
    const Uuid uuid = Uuid::parse(text).value();
    EXPECT_EQ(to_string(uuid), text);
    EXPECT_EQ(Uuid::parse("67E5504410B1426F9247BB680E5FE0C8"), uuid);
    std::ostringstream shown;
    shown << uuid;
    EXPECT_EQ(shown.str(), text);
    for (const std::string_view wrong : {"", "67e55044", "67e55044-10b1-426f-9247-bb680e5fe0cg",
                                         "67e55044-10b1-426f-9247-bb680e5fe0c8 "}) {
        EXPECT_FALSE(Uuid::parse(wrong)) << wrong;
    }
}

TEST(Uuid, IsMadeOfRandomNumbersAndAKeyOfHashTables) {
    std::unordered_set<Uuid> made;
    for (int count = 0; count < 1'000; ++count) {
        const Uuid uuid = Uuid::random();
        EXPECT_EQ(uuid.octets[6] >> 4, 4);
        EXPECT_EQ(uuid.octets[8] >> 6, 2);
        made.insert(uuid);
    }
    EXPECT_EQ(made.size(), 1'000U);
}

TEST(Timestamp, IsReadAndWrittenByThePublicFunctions) {
    EXPECT_EQ(warren::to_string(parse_timestamp("2024-02-29T12:00:00.25+01:00").value()),
              "2024-02-29T11:00:00.250000Z");
    EXPECT_FALSE(parse_timestamp("2024-02-30T12:00:00Z"));
    const Timestamp before = now();
    EXPECT_LE(before, now());
    EXPECT_GT(before, parse_timestamp("2024-01-01T00:00:00Z").value());
}

}  // namespace
}  // namespace warren
