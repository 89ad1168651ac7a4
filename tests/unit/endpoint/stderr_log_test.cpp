#include <warren/log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace warren {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

TEST(StderrLog, WritesLinesWithTimeAndLevel) {
    testing::internal::CaptureStderr();
    const auto log = stderr_log(LogLevel::warning);
    log->info("left out");
    log->warning("careful\nwith this");
    log->error("lost");
    const auto lines = lines_of(testing::internal::GetCapturedStderr());
    ASSERT_EQ(lines.size(), 2U);
    const std::regex form{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:?\d\d (\w+): (.*))"};
    std::smatch found;
    ASSERT_TRUE(std::regex_match(lines[0], found, form)) << lines[0];
    EXPECT_EQ(found[1], "warning");
    EXPECT_EQ(found[2], "careful with this");
    EXPECT_TRUE(lines[1].ends_with(" error: lost")) << lines[1];
    EXPECT_FALSE(log->shows_calls());
    EXPECT_TRUE(stderr_log(LogLevel::debug)->shows_calls());
}

TEST(StderrLog, WritesWholeLinesOfManyThreads) {
    const std::string long_line(9'000, 'x');  // more than a pipe takes as one
    testing::internal::CaptureStderr();
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&long_line, log = stderr_log()] {
                for (int count = 0; count < 50; ++count) {
                    log->info(long_line);
                }
            });
        }
    }
    const auto lines = lines_of(testing::internal::GetCapturedStderr());
    EXPECT_EQ(lines.size(), 200U);
    EXPECT_TRUE(std::ranges::all_of(lines, [&long_line](const std::string& line) {
        return line.ends_with(" info: " + long_line) && line.size() < long_line.size() + 60;
    }));
}

}  // namespace
}  // namespace warren
