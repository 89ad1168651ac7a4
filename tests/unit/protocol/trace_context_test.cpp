#include "protocol/trace_context.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::protocol::trace_context_test {

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string altered(std::size_t at, std::string_view by) {
    return std::string{parent}.replace(at, by.size(), by);
}

std::string members(std::size_t count) {
    std::string list = "a=1";
    for (std::size_t i = 1; i != count; ++i) {
        list += ",a=1";
    }
    return list;
}

TEST(TraceContext, ParentsAreOfThisVersionOrALaterOne) {
    EXPECT_TRUE(is_traceparent(parent));
    EXPECT_TRUE(is_traceparent(altered(53, "ff")));
    EXPECT_TRUE(is_traceparent(altered(0, "cc")));
    EXPECT_TRUE(is_traceparent(altered(0, "cc") + "-what the future will be like"));
    const std::string longest = altered(0, "cc") + "-" + std::string(199, 'x');
    EXPECT_EQ(longest.size(), traceparent_bytes_max);
    EXPECT_TRUE(is_traceparent(longest));
}

TEST(TraceContext, ParentsThatAreNone) {
    for (const std::string& each : {std::string{},
                                    std::string{"00-1-2-3"},
                                    parent.substr(0, 54),
                                    parent + "-",
                                    parent + "-x",
                                    altered(0, "ff"),
                                    altered(0, "0G"),
                                    altered(0, "cc") + ".x",
                                    altered(0, "cc") + "x",
                                    altered(0, "cc") + "-\n",
                                    altered(2, "_"),
                                    altered(35, "_"),
                                    altered(52, "_"),
                                    altered(3, "A"),
                                    altered(36, "B"),
                                    altered(53, "0g"),
                                    altered(53, "-1"),
                                    altered(3, std::string(32, '0')),
                                    altered(36, std::string(16, '0')),
                                    altered(0, "cc") + "-" + std::string(200, 'x')}) {
        EXPECT_FALSE(is_traceparent(each)) << each;
    }
    for (std::size_t size = 0; size != parent.size(); ++size) {
        EXPECT_FALSE(is_traceparent(parent.substr(0, size))) << size;
    }
}

TEST(TraceContext, ListsHaveMembersAndLimits) {
    EXPECT_TRUE(is_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
    EXPECT_TRUE(is_tracestate("a=1,,\t b=2 ,"));
    EXPECT_TRUE(is_tracestate("fw529a3039@dt=FfAAAAAA"));
    EXPECT_TRUE(is_baggage("userId=alice,serverNode=DF%2028;meta;ttl=3,isProduction=false"));
    for (const std::string_view none :
         {"", ",", " , ", "a", "=1", "a=1,b", "a=\x01", "a=\xc3\xa9", "a=1\n"}) {
        EXPECT_FALSE(is_tracestate(none)) << none;
        EXPECT_FALSE(is_baggage(none)) << none;
    }
    EXPECT_TRUE(is_tracestate("a=" + std::string(tracestate_bytes_max - 2, 'x')));
    EXPECT_FALSE(is_tracestate("a=" + std::string(tracestate_bytes_max - 1, 'x')));
    EXPECT_TRUE(is_tracestate(members(tracestate_members_max)));
    EXPECT_FALSE(is_tracestate(members(tracestate_members_max + 1)));
    EXPECT_TRUE(is_baggage("a=" + std::string(baggage_bytes_max - 2, 'x')));
    EXPECT_FALSE(is_baggage("a=" + std::string(baggage_bytes_max - 1, 'x')));
    EXPECT_TRUE(is_baggage(members(baggage_members_max)));
    EXPECT_FALSE(is_baggage(members(baggage_members_max + 1)));
}

}  // namespace warren::protocol::trace_context_test
