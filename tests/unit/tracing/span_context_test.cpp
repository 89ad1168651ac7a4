#include "tracing/span_context.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::tracing {
namespace {

// [W3C Trace Context 3.2, 3.3]
constexpr std::string_view example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string hexadecimal(const auto& id) {
    std::string text;
    append_id(text, id);
    return text;
}

TEST(SpanContext, IsReadFromTraceparent) {
    const auto context = parse_traceparent(example);
    ASSERT_TRUE(context);
    EXPECT_EQ(hexadecimal(context->trace_id), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(hexadecimal(context->span_id), "b7ad6b7169203331");
    EXPECT_TRUE(context->is_sampled);
    EXPECT_EQ(traceparent_of(*context), example);
}

TEST(SpanContext, HasOneFlagThatCounts) {
    const std::string without_flags{example.substr(0, 53)};
    for (const auto& [flags, is_sampled] : {std::pair{"00", false},
                                            {"01", true},
                                            {"02", false},
                                            {"03", true},
                                            {"fe", false},
                                            {"ff", true}}) {
        const auto context = parse_traceparent(without_flags + flags);
        ASSERT_TRUE(context) << flags;
        EXPECT_EQ(context->is_sampled, is_sampled) << flags;
        EXPECT_EQ(traceparent_of(*context), without_flags + (is_sampled ? "01" : "00"));
    }
    EXPECT_TRUE(parse_traceparent("cc" + std::string{example.substr(2)} + "-what"))
        << "of a later version what is known of it";
}

TEST(SpanContext, IsNothingElse) {
    for (const std::string_view text :
         {"", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
          "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
        EXPECT_FALSE(parse_traceparent(text)) << text;
    }
}

}  // namespace
}  // namespace warren::tracing
