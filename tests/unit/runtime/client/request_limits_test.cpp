#include "runtime/client/request_limits.hpp"

#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::runtime::test {
namespace {

std::string why(const Dynamic& arguments, const RequestLimits& limits) {
    const auto refused = refuse_over_limit(arguments.value(), limits);
    return refused ? refused->errors.at(0).type : "";
}

TEST(RequestLimits, AreOfWhatTheArgumentsHold) {
    const Dynamic one = 1;
    EXPECT_EQ(why(one, {.nesting_depth_max = 0, .value_count_max = 1}), "");
    EXPECT_EQ(why(one, {.value_count_max = 0}), "count_over_limit");
    const Dynamic nested = Dynamic::map({{"a", Dynamic::list({1, Dynamic::list({})})}});
    EXPECT_EQ(why(nested, {.nesting_depth_max = 3, .value_count_max = 4}), "");
    EXPECT_EQ(why(nested, {.nesting_depth_max = 2}), "depth_over_limit");
    EXPECT_EQ(why(nested, {.value_count_max = 3}), "count_over_limit");
}

TEST(RequestLimits, ACallOverOneIsNotSent) {
    StreamFixture fixture;
    fixture.client->limit({.value_count_max = 2});
    TestCall first;
    fixture.submit(first);
    FakeConnection& connection = fixture.connect();
    const std::string before = connection.written();
    const Dynamic arguments = Dynamic::list({1, 2});
    TestCall call;
    call.arguments = arguments.value();
    fixture.submit(call);
    EXPECT_EQ(call.code(), Code::invalid_request);
    EXPECT_TRUE(to_string(*call.failure).contains("value_count_max"));
    EXPECT_EQ(connection.written(), "");
    connection.feed(before.substr(0, before.find(' ')) + " ok end\n");
}

}  // namespace
}  // namespace warren::runtime::test
