#include "app/call_log/call_log_query.hpp"

#include <gtest/gtest.h>

namespace warren::app {
namespace {

TEST(CallLogQuery, IsReadAndWrittenAgain) {
    const auto read = read_call_log_query(
        "method=a%26b&host=node+1&code=ok&since=2026-01-31T23%3A59&until=&text=%25%27&page=3");
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->filter.method, "a&b");
    EXPECT_EQ(read->filter.host, "node 1");
    EXPECT_EQ(read->filter.code, "ok");
    EXPECT_EQ(read->filter.since_ms, 1'769'903'940'000);
    EXPECT_EQ(read->filter.until_ms, std::nullopt);
    EXPECT_EQ(read->filter.text, "%'");
    EXPECT_EQ(read->page, 3U);
    EXPECT_EQ(query_text(*read, 4),
              "page=4&method=a%26b&host=node%201&code=ok&since=2026-01-31T23%3A59&text=%25%27");
    EXPECT_TRUE(read_call_log_query(""));
    EXPECT_TRUE(read_call_log_query("&&"));
}

TEST(CallLogQuery, TimesMayHaveSeconds) {
    const auto read = read_call_log_query("since=1970-01-01T00:00:01&until=1970-01-01T00:00:02.5Z");
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->filter.since_ms, 1'000);
    EXPECT_EQ(read->filter.until_ms, 2'500);
}

TEST(CallLogQuery, SaysWhatIsWrong) {
    EXPECT_NE(read_call_log_query("since=yesterday").error().find("since: write"),
              std::string::npos);
    EXPECT_NE(read_call_log_query("page=-1").error().find("page"), std::string::npos);
    EXPECT_NE(read_call_log_query("colour=1").error().find("'colour'"), std::string::npos);
    EXPECT_NE(read_call_log_query("text=%zz").error().find("encoded"), std::string::npos);
}

}  // namespace
}  // namespace warren::app
