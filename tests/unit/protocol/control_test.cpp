#include "protocol/control.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace warren::protocol {
namespace {

using std::chrono::milliseconds;

constexpr const char* id = "0af76519-16cd-43dd-8448-eb211c80319c";

TEST(Control, ACancellationSaysWhichCallAndForHowLong) {
    Arena arena;
    const std::string key = control_key("jobs");
    const MessageView message = encode_cancellation(key, id, milliseconds{60'000}, arena);
    EXPECT_EQ(message.exchange, "amq.direct");
    EXPECT_EQ(message.routing_key, "warren.control.jobs");
    EXPECT_EQ(message.type, "warren.cancel");
    EXPECT_EQ(message.correlation_id, id);
    EXPECT_EQ(message.expiration, "60000");
    EXPECT_TRUE(message.reply_to.empty() && message.headers.is_null() && message.body.empty());
    const auto read = read_cancellation(message);
    ASSERT_TRUE(read);
    EXPECT_EQ(to_string(read->correlation_id), id);
    EXPECT_EQ(read->request_expires_after, milliseconds{60'000});
}

TEST(Control, ATimeOverTheBrokersLimitIsThatLimit) {
    Arena arena;
    const milliseconds limit{std::numeric_limits<std::uint32_t>::max()};
    for (const milliseconds time : {limit, limit + milliseconds{1}}) {
        const auto read = read_cancellation(encode_cancellation("", id, time, arena));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->request_expires_after, limit);
    }
}

TEST(Control, WhatIsNoCancellationIsNone) {
    const MessageView valid{.correlation_id = id, .expiration = "1", .type = "warren.cancel"};
    ASSERT_TRUE(read_cancellation(valid));
    for (const auto& [member, text] : {std::pair{&MessageView::type, ""},
                                       {&MessageView::type, "warren.credit"},
                                       {&MessageView::correlation_id, ""},
                                       {&MessageView::correlation_id, "7"},
                                       {&MessageView::expiration, ""},
                                       {&MessageView::expiration, "-1"}}) {
        MessageView wrong = valid;
        wrong.*member = text;
        EXPECT_FALSE(read_cancellation(wrong)) << text;
    }
}

TEST(Control, AKeyFitsAlsoForTheLongestName) {
    const std::string queue(255, 'q');
    const std::string key = control_key(queue);
    EXPECT_EQ(key.size(), 255U);
    EXPECT_TRUE(key.starts_with("warren.control.qqq"));
    EXPECT_EQ(control_key(queue.substr(0, 240)).size(), 255U);
    EXPECT_EQ(control_key(queue.substr(0, 239)).size(), 254U);
}

}  // namespace
}  // namespace warren::protocol
