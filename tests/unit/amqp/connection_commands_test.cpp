#include <warren/dynamic.hpp>

#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::amqp {

namespace {

using test::as_octets;
using test::method;
using test::Session;
using test::short_string;
using test::u16;
using test::u64;
using test::u8;

std::string publish(std::string_view exchange, std::string_view routing_key, unsigned bits) {
    return method(1, 60, 40,
                  u16(0) + short_string(exchange) + short_string(routing_key) + u8(bits));
}

TEST(Commands, PublishTheGoldenMessage) {
    Session session = Session::with_channel();
    EXPECT_EQ(session.core.basic_publish(
                  1, {.exchange = "e", .routing_key = "k", .mandatory = true},
                  {.content_type = "application/json", .correlation_id = "7"}, as_octets("{}")),
              0U);
    EXPECT_EQ(
        session.sent(),
        publish("e", "k", 1) +
            test::header(1, 2, u16(0x8400) + short_string("application/json") + short_string("7")) +
            test::body(1, "{}"));
}

TEST(Commands, PublishAnEmptyBodyWithoutABodyFrame) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.basic_publish(1, {.routing_key = "q"}, {}, {}));
    EXPECT_EQ(session.sent(), publish("", "q", 0) + test::header(1, 0));
}

TEST(Commands, SplitBodiesAtFrameMax) {
    const std::size_t payload_max = 4096 - 8;
    for (const std::size_t size : {payload_max, payload_max + 1, 3 * payload_max}) {
        Session session = Session::with_channel({}, 4096);
        const std::string text(size, 'b');
        ASSERT_TRUE(session.core.basic_publish(1, {.routing_key = "q"}, {}, as_octets(text)));
        std::string expected = publish("", "q", 0) + test::header(1, size);
        for (std::size_t begin = 0; begin < size; begin += payload_max) {
            expected += test::body(1, text.substr(begin, payload_max));
        }
        EXPECT_EQ(session.sent(), expected) << size;
    }
}

TEST(Commands, RefuseBodiesOverTheLimit) {
    Session session = Session::with_channel({.body_bytes_max = 4});
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, as_octets("12345")).error(),
              CommandError::body_too_large);
    EXPECT_EQ(session.sent(), "");
    EXPECT_TRUE(session.core.basic_publish(1, {}, {}, as_octets("1234")));
}

TEST(Commands, SettleDeliveries) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.basic_ack(1, {.delivery_tag = 5}));
    ASSERT_TRUE(session.core.basic_ack(1, {.delivery_tag = 6, .multiple = true}));
    ASSERT_TRUE(session.core.basic_nack(1, {.delivery_tag = 7, .requeue = false}));
    ASSERT_TRUE(session.core.basic_nack(1, {.delivery_tag = 8, .multiple = true}));
    EXPECT_EQ(session.sent(),
              method(1, 60, 80, u64(5) + u8(0)) + method(1, 60, 80, u64(6) + u8(1)) +
                  method(1, 60, 120, u64(7) + u8(0)) + method(1, 60, 120, u64(8) + u8(3)));
}

TEST(Commands, AreLegalBeforeTheChannelIsConfirmedOpen) {
    Session session = Session::connected();
    EXPECT_EQ(session.core.open_channel(), 1);
    EXPECT_TRUE(session.core.basic_qos(1, {}));
    EXPECT_TRUE(session.core.basic_publish(1, {}, {}, {}));
}

TEST(Commands, NeedAnOpenChannel) {
    Session session = Session::with_channel();
    for (const ChannelNumber channel : {0, 2, 65535}) {
        EXPECT_EQ(session.core.basic_qos(channel, {}).error(), CommandError::channel_not_open);
        EXPECT_EQ(session.core.basic_ack(channel, {}).error(), CommandError::channel_not_open);
        EXPECT_EQ(session.core.close_channel(channel).error(), CommandError::channel_not_open);
        EXPECT_EQ(session.core.basic_publish(channel, {}, {}, {}).error(),
                  CommandError::channel_not_open);
    }
    EXPECT_EQ(session.sent(), "");
}

TEST(Commands, ThatCannotBeEncodedWriteNothingAndCountNothing) {
    const std::string long_name(256, 'n');
    const Dynamic no_table = Dynamic::map({{"k", ~std::uint64_t{0}}});
    const Dynamic large = Dynamic::map({{"k", std::string(5000, 'x')}});
    Session session = Session::with_channel({}, 4096);
    ConnectionCore& core = session.core;
    ASSERT_TRUE(core.confirm_select(1));
    session.sent();
    EXPECT_EQ(core.queue_declare(1, {.queue = long_name}).error(),
              CommandError::short_string_too_long);
    EXPECT_EQ(core.queue_declare(1, {.arguments = no_table.value()}).error(),
              CommandError::not_encodable);
    EXPECT_EQ(core.queue_declare(1, {.arguments = large.value()}).error(),
              CommandError::frame_too_large);
    EXPECT_EQ(core.basic_publish(1, {.routing_key = long_name}, {}, {}).error(),
              CommandError::short_string_too_long);
    EXPECT_EQ(core.basic_publish(1, {}, {.reply_to = long_name}, {}).error(),
              CommandError::short_string_too_long);
    EXPECT_EQ(core.basic_publish(1, {}, {}, {}, no_table.value()).error(),
              CommandError::not_encodable);
    EXPECT_EQ(core.basic_publish(1, {}, {}, {}, large.value()).error(),
              CommandError::frame_too_large);
    EXPECT_EQ(session.sent(), "");
    EXPECT_EQ(core.basic_publish(1, {}, {}, {}), 1U);
    session.feed(method(1, 85, 11));
    EXPECT_EQ(session.happening(), "confirm_selected 1") << "nothing else is waited for";
}

}  // namespace

}  // namespace warren::amqp
