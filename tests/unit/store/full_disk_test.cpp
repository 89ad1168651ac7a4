#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace warren::store {
namespace {

TEST(FullDisks, AreFilledAndEmptiedAgainAndAgain) {
    const test::TemporaryDirectory directory;
    // A disk of its own, which goes with the process.
    test::ChildProcess filler{{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                               "mount -t tmpfs -o size=6m tmpfs \"$1\" && exec \"$2\" \"$1/queue\"",
                               "sh", directory.path().string(), WARREN_STORE_DISK_FILLER}};
    if (filler.read_line() != "begun") {
        GTEST_SKIP() << "this machine has no user namespaces to mount a small disk in";
    }
    constexpr int rounds = 3;
    for (int round = 0; round != rounds; ++round) {
        const std::string line = filler.read_line();
        std::istringstream words{line};
        unsigned filled = 0;
        unsigned left = 0;
        words >> filled >> left;
        EXPECT_GT(filled, 1'000U) << line;
        EXPECT_EQ(left, 0U) << line;
        EXPECT_NE(line.find("overloaded: "), std::string::npos) << line;
        EXPECT_NE(line.find("the disk is full"), std::string::npos) << line;
    }
    EXPECT_EQ(filler.wait(), 0);
}

}  // namespace
}  // namespace warren::store
