#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::amqp {

namespace {

using test::method;
using test::Session;
using test::short_string;
using test::u16;
using test::u32;
using test::u64;
using test::u8;

std::string open_ok(unsigned channel) {
    return method(channel, 20, 11, u32(0));
}

const std::string refused = "failed protocol_violation ";

TEST(Channels, OpenWithTheLowestFreeNumber) {
    Session session = Session::connected();
    EXPECT_EQ(session.core.open_channel(), 1);
    EXPECT_EQ(session.core.open_channel(), 2);
    EXPECT_EQ(session.sent(), method(1, 20, 10, u8(0)) + method(2, 20, 10, u8(0)));
    session.feed(open_ok(2) + open_ok(1));
    EXPECT_EQ(session.happened(), (std::vector<std::string>{"opened 2", "opened 1"}));
    session.feed(test::close(1, 404, "NOT_FOUND"));
    EXPECT_EQ(session.core.open_channel(), 1);
    EXPECT_EQ(session.core.open_channel(), 3);
}

TEST(Channels, EndAtChannelMax) {
    Session session = Session::connected({.channel_max = 2});
    EXPECT_EQ(session.core.free_channels(), 2U);
    EXPECT_EQ(session.core.open_channel(), 1);
    EXPECT_EQ(session.core.open_channel(), 2);
    EXPECT_EQ(session.core.free_channels(), 0U);
    EXPECT_EQ(session.core.open_channel().error(), CommandError::no_free_channel);
    session.feed(open_ok(1) + test::close(1, 404, "NOT_FOUND"));
    EXPECT_EQ(session.core.free_channels(), 1U);
}

TEST(Channels, AreClosedByTheBrokerWithAReason) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.queue_declare(1, {.queue = "q", .passive = true}));
    session.sent();
    session.feed(test::close(1, 404, "NOT_FOUND - no queue 'q'", 50, 10));
    EXPECT_EQ(session.happening(),
              R"(channel 1 closed by server 404 "NOT_FOUND - no queue 'q'" 50.10)");
    EXPECT_EQ(session.sent(), test::close_ok(1));
    EXPECT_EQ(session.core.queue_declare(1, {}).error(), CommandError::channel_not_open);
    EXPECT_EQ(session.core.basic_ack(1, {}).error(), CommandError::channel_not_open);
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}).error(), CommandError::channel_not_open);
    EXPECT_EQ(session.sent(), "");
}

TEST(Channels, DropLateFramesUntilTheyAreOpenedAgain) {
    Session session = Session::with_channel();
    session.feed(test::close(1, 406, "PRECONDITION_FAILED"));
    session.happened();
    session.feed(test::deliver(1, "t", 1, false, "", "q") + test::header(1, 2) +
                 test::body(1, "ab") + test::close_ok(1));
    EXPECT_TRUE(session.happened().empty());
    EXPECT_EQ(session.core.open_channel(), 1);
    session.feed(open_ok(1) + test::deliver(1, "t", 1, false, "", "q") + test::header(1, 0));
    EXPECT_EQ(session.happened().size(), 2U);
}

TEST(Channels, MayBeClosedInTheMiddleOfAMessage) {
    Session session = Session::with_channel();
    session.feed(test::deliver(1, "t", 1, false, "", "q") + test::header(1, 4) +
                 test::body(1, "ab") + test::close(1, 320, "x"));
    EXPECT_EQ(session.happening(), R"(channel 1 closed by server 320 "x" 0.0)");
    EXPECT_EQ(session.core.open_channel(), 1);
    session.feed(open_ok(1) + test::deliver(1, "t", 1, false, "", "q") + test::header(1, 2) +
                 test::body(1, "cd"));
    EXPECT_EQ(session.happened().back(), R"(delivery 1 "t" tag=1 "" "q" size=2 body="cd")");
}

TEST(Channels, AreClosedByUs) {
    Session session = Session::with_channel();
    session.feed(test::deliver(1, "t", 1, false, "", "q") + test::header(1, 4));
    ASSERT_TRUE(session.core.close_channel(1, 200, "done"));
    EXPECT_EQ(session.sent(), test::close(1, 200, "done"));
    EXPECT_EQ(session.core.close_channel(1).error(), CommandError::channel_not_open);
    session.feed(test::body(1, "abcd") + method(1, 60, 31, short_string("t")));
    EXPECT_TRUE(session.happened().empty());
    EXPECT_EQ(session.core.open_channel(), 2) << "1 is taken until its close is answered";
    session.feed(test::close_ok(1));
    EXPECT_EQ(session.happening(), R"(channel 1 closed by client 200 "" 0.0)");
    EXPECT_EQ(session.core.open_channel(), 1);
}

TEST(Channels, AreClosedOnceWhenBothSidesCloseAtOnce) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.close_channel(1));
    session.sent();
    session.feed(test::close(1, 404, "NOT_FOUND"));
    EXPECT_EQ(session.sent(), test::close_ok(1));
    EXPECT_TRUE(session.happened().empty());
    session.feed(test::close_ok(1));
    EXPECT_EQ(session.happening(), R"(channel 1 closed by client 200 "" 0.0)");
}

TEST(Channels, ThatWereNeverOpenedAreAnError) {
    for (const unsigned channel : {1U, 2U, 65535U}) {
        Session session = Session::connected();
        session.feed(test::deliver(channel, "t", 1, false, "", "q"));
        EXPECT_TRUE(session.happening().starts_with(refused + "504"));
    }
}

struct RequestCase {
    CommandResult<void> (*give)(ConnectionCore&);
    std::string sent;
    std::string reply;
    std::string event;
};

const Dynamic arguments = Dynamic::map({{"x-expires", 5}});
const std::string arguments_on_the_wire =
    test::long_string(short_string("x-expires") + 'I' + u32(5));

std::vector<RequestCase> requests() {
    return {
        {[](ConnectionCore& core) {
             return core.exchange_declare(1, {.exchange = "e",
                                              .type = "topic",
                                              .passive = true,
                                              .durable = true,
                                              .auto_delete = true,
                                              .internal = true,
                                              .arguments = arguments.value()});
         },
         method(1, 40, 10,
                u16(0) + short_string("e") + short_string("topic") + u8(0b01111) +
                    arguments_on_the_wire),
         method(1, 40, 11), "exchange_declared 1"},
        {[](ConnectionCore& core) {
             return core.queue_declare(1, {.queue = "q",
                                           .durable = true,
                                           .auto_delete = true,
                                           .arguments = arguments.value()});
         },
         method(1, 50, 10, u16(0) + short_string("q") + u8(0b01010) + arguments_on_the_wire),
         method(1, 50, 11, short_string("q") + u32(3) + u32(4)), R"(queue_declared 1 "q" 3 4)"},
        {[](ConnectionCore& core) { return core.queue_declare(1, {.exclusive = true}); },
         method(1, 50, 10, u16(0) + short_string("") + u8(0b00100) + u32(0)),
         method(1, 50, 11, short_string("amq.gen-1") + u32(0) + u32(0)),
         R"(queue_declared 1 "amq.gen-1" 0 0)"},
        {[](ConnectionCore& core) {
             return core.queue_bind(1, {.queue = "q", .exchange = "e", .routing_key = "k"});
         },
         method(
             1, 50, 20,
             u16(0) + short_string("q") + short_string("e") + short_string("k") + u8(0) + u32(0)),
         method(1, 50, 21), "queue_bound 1"},
        {[](ConnectionCore& core) {
             return core.queue_delete(1, {.queue = "q", .if_empty = true});
         },
         method(1, 50, 40, u16(0) + short_string("q") + u8(0b010)), method(1, 50, 41, u32(9)),
         "queue_deleted 1 9"},
        {[](ConnectionCore& core) {
             return core.basic_qos(1, {.prefetch_count = 5, .global = true});
         },
         method(1, 60, 10, u32(0) + u16(5) + u8(1)), method(1, 60, 11), "qos_set 1"},
        {[](ConnectionCore& core) {
             return core.basic_consume(1, {.queue = "q", .consumer_tag = "t", .exclusive = true});
         },
         method(1, 60, 20, u16(0) + short_string("q") + short_string("t") + u8(0b0100) + u32(0)),
         method(1, 60, 21, short_string("t")), R"(consume_started 1 "t")"},
        {[](ConnectionCore& core) { return core.basic_cancel(1, "t"); },
         method(1, 60, 30, short_string("t") + u8(0)), method(1, 60, 31, short_string("t")),
         R"(consume_stopped 1 "t")"},
        {[](ConnectionCore& core) { return core.confirm_select(1); }, method(1, 85, 10, u8(0)),
         method(1, 85, 11), "confirm_selected 1"},
    };
}

TEST(Channels, EncodeEveryRequestAndDecodeItsReply) {
    for (const RequestCase& request : requests()) {
        Session session = Session::with_channel();
        ASSERT_TRUE(request.give(session.core));
        EXPECT_EQ(session.sent(), request.sent);
        session.feed(request.reply);
        EXPECT_EQ(session.happening(), request.event);
    }
}

TEST(Channels, TakeRepliesInTheOrderOfTheCommands) {
    Session session = Session::with_channel();
    std::string replies;
    std::vector<std::string> events;
    for (const RequestCase& request : requests()) {
        ASSERT_TRUE(request.give(session.core));
        replies += request.reply;
        events.push_back(request.event);
    }
    session.feed(replies);
    EXPECT_EQ(session.happened(), events);
}

TEST(Channels, RefuseRepliesThatNobodyWaitsFor) {
    for (const RequestCase& request : requests()) {
        Session unasked = Session::with_channel();
        unasked.feed(request.reply);
        EXPECT_TRUE(unasked.happening().starts_with(refused + "503")) << request.event;
    }
    Session swapped = Session::with_channel();
    ASSERT_TRUE(swapped.core.basic_qos(1, {}));
    ASSERT_TRUE(swapped.core.confirm_select(1));
    swapped.feed(method(1, 85, 11));
    EXPECT_TRUE(swapped.happening().starts_with(refused + "503"));
}

TEST(Channels, RefuseTruncatedMethods) {
    const std::vector<std::string> frames{
        test::deliver(1, "t", 1, false, "", "q"),
        test::close(1, 404, "text"),
        method(1, 60, 30, short_string("t") + u8(0)),
        method(1, 60, 80, u64(1) + u8(0)),
        method(1, 20, 20, u8(1)),
    };
    for (const std::string& whole : frames) {
        const std::string payload = whole.substr(7, whole.size() - 8);
        for (std::size_t cut = 0; cut != payload.size(); ++cut) {
            Session session = Session::with_channel();
            ASSERT_TRUE(session.core.confirm_select(1));
            ASSERT_TRUE(session.core.basic_publish(1, {}, {}, {}));
            session.feed(method(1, 85, 11));
            session.happened();
            session.feed(test::frame(1, 1, payload.substr(0, cut)) + test::header(1, 0));
            EXPECT_TRUE(session.happening().starts_with(refused)) << cut;
        }
    }
}

TEST(Channels, AnswerTheCancelOfAConsumer) {
    Session session = Session::with_channel();
    session.feed(method(1, 60, 30, short_string("t") + u8(0)));
    EXPECT_EQ(session.happening(), R"(consumer_cancelled 1 "t")");
    EXPECT_EQ(session.sent(), method(1, 60, 31, short_string("t")));
    session.feed(method(1, 60, 30, short_string("u") + u8(1)));
    EXPECT_EQ(session.happening(), R"(consumer_cancelled 1 "u")");
    EXPECT_EQ(session.sent(), "");
}

TEST(Channels, AnswerFlow) {
    Session session = Session::with_channel();
    session.feed(method(1, 20, 20, u8(0)));
    EXPECT_EQ(session.happening(), "flow off 1");
    session.feed(method(1, 20, 20, u8(1)));
    EXPECT_EQ(session.happening(), "flow on 1");
    EXPECT_EQ(session.sent(), method(1, 20, 21, u8(0)) + method(1, 20, 21, u8(1)));
}

TEST(Channels, NumberAndConfirmPublishes) {
    Session session = Session::with_channel();
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), 0U) << "no confirm mode yet";
    ASSERT_TRUE(session.core.confirm_select(1));
    for (std::uint64_t sequence = 1; sequence != 6; ++sequence) {
        EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), sequence);
    }
    session.feed(method(1, 85, 11) + test::confirmation(1, test::ack_id, 2, 1) +
                 test::confirmation(1, test::nack_id, 3, 0) +
                 test::confirmation(1, test::ack_id, 4, 0) +
                 test::confirmation(1, test::nack_id, 0, 1));
    EXPECT_EQ(session.happened(),
              (std::vector<std::string>{"confirm_selected 1", "acked 1 2 multiple", "nacked 1 3",
                                        "acked 1 4", "nacked 1 5 multiple"}));
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), 6U);
}

TEST(Channels, StartTheirCountAgainWhenOpenedAgain) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.confirm_select(1));
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), 1U);
    session.feed(test::close(1, 404, "NOT_FOUND"));
    EXPECT_EQ(session.core.open_channel(), 1);
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), 0U);
    ASSERT_TRUE(session.core.confirm_select(1));
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}), 1U);
}

TEST(Channels, RefuseConfirmationsOfWhatWasNotPublished) {
    for (const std::uint64_t tag : {0U, 2U}) {
        Session session = Session::with_channel();
        ASSERT_TRUE(session.core.confirm_select(1));
        ASSERT_TRUE(session.core.basic_publish(1, {}, {}, {}));
        session.feed(method(1, 85, 11));
        session.happened();
        session.feed(test::confirmation(1, test::ack_id, tag, 0));
        EXPECT_TRUE(session.happening().starts_with(refused + "503")) << tag;
    }
}

}  // namespace

}  // namespace warren::amqp
