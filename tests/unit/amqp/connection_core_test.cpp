#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace warren::amqp {

namespace {

using namespace std::chrono_literals;
using test::Session;

TEST(ConnectionCore, SendsAHeartbeatAfterHalfAnIntervalOfSilence) {
    Session session = Session::connected({}, 131072, 8);
    session.tick(0ms);
    EXPECT_EQ(session.core.next_deadline(), TimePoint{2s});
    session.tick(2s);
    EXPECT_EQ(session.sent(), test::heartbeat);
    session.feed(test::heartbeat);
    EXPECT_EQ(session.core.open_channel(), 1);
    session.sent();
    session.tick(4s);
    EXPECT_EQ(session.sent(), "") << "something was sent since the last look";
    session.tick(6s);
    EXPECT_EQ(session.sent(), test::heartbeat);
    EXPECT_TRUE(session.happened().empty());
}

TEST(ConnectionCore, PilesUpNoHeartbeatsWhileTheOutputWaits) {
    Session session = Session::connected({}, 131072, 8);
    for (int second = 2; second != 16; second += 2) {
        session.tick(second * 1s);
    }
    EXPECT_EQ(session.sent(), test::heartbeat);
}

TEST(ConnectionCore, FailsAfterTwoSilentIntervals) {
    Session session = Session::connected({}, 131072, 8);
    session.tick(15'999ms);
    EXPECT_TRUE(session.happened().empty());
    EXPECT_EQ(session.core.next_deadline(), TimePoint{16s});
    session.tick(16s);
    EXPECT_EQ(session.happening(),
              R"(failed heartbeats_missed 0 "nothing came for two heartbeats" "")");
    EXPECT_TRUE(session.core.ended());
}

TEST(ConnectionCore, AnyByteCountsAsLife) {
    Session session = Session::connected({}, 131072, 8);
    session.tick(15s);
    session.feed(test::heartbeat.substr(0, 1));
    session.tick(30s);
    EXPECT_TRUE(session.happened().empty());
    session.tick(31s);
    EXPECT_TRUE(session.happening().starts_with("failed heartbeats_missed"));
}

TEST(ConnectionCore, WithoutHeartbeatsTimeMeansNothing) {
    Session session = Session::connected({.heartbeat = 0s});
    EXPECT_EQ(session.core.next_deadline(), std::nullopt);
    session.tick(24h);
    EXPECT_TRUE(session.happened().empty());
    EXPECT_EQ(session.sent(), "");
}

TEST(ConnectionCore, RefusesMalformedHeartbeats) {
    for (const std::string& wrong : {test::frame(8, 1, ""), test::frame(8, 0, "x")}) {
        Session session = Session::connected();
        session.feed(wrong);
        EXPECT_TRUE(session.happening().starts_with("failed protocol_violation 501"));
    }
}

TEST(ConnectionCore, TellsTheBrokerWhatItDidWrong) {
    std::string bad_end = test::heartbeat;
    bad_end.back() = 'x';
    Session session = Session::connected();
    session.feed(bad_end);
    EXPECT_EQ(session.happening(),
              R"(failed protocol_violation 501 "frame does not end in 0xCE" "")");
    EXPECT_EQ(session.sent(), test::close(0, 501, "frame does not end in 0xCE"));
}

TEST(ConnectionCore, RefusesFramesOverTheNegotiatedSizeByTheirHead) {
    Session session = Session::connected({}, 8192);
    session.feed("\x03" + test::u16(1) + test::u32(8192 - 8 + 1));
    EXPECT_EQ(session.happening(),
              R"(failed protocol_violation 501 "frame larger than negotiated" "")");
    EXPECT_LT(session.core.prepare(1).size(), 8192U) << "no room was made for it";
}

TEST(ConnectionCore, MakesRoomForTheFrameThatHasBegun) {
    Session session = Session::with_channel();
    session.feed("\x03" + test::u16(1) + test::u32(100'000));
    EXPECT_GE(session.core.prepare(1).size(), 100'001U);
}

TEST(ConnectionCore, ReportsBlockedAndUnblocked) {
    Session session = Session::connected();
    session.feed(test::method(0, 10, 60, test::short_string("low on memory")));
    EXPECT_EQ(session.happening(), R"(blocked "low on memory")");
    session.feed(test::method(0, 10, 61));
    EXPECT_EQ(session.happening(), "unblocked");
}

TEST(ConnectionCore, TellsTheBrokerAPasswordThatHasChanged) {
    Session session = Session::connected();
    EXPECT_EQ(session.core.password(), "guest");
    ASSERT_TRUE(session.core.update_password("later"));
    EXPECT_EQ(session.core.password(), "later");
    EXPECT_EQ(
        session.sent(),
        test::method(0, 10, 70, test::long_string("later") + test::short_string("it has changed")));
    session.feed(test::method(0, 10, 71));
    EXPECT_TRUE(session.happened().empty());
    session.feed(test::method(0, 10, 71));
    EXPECT_NE(session.happening().find("unexpected method on channel 0"), std::string::npos)
        << "nobody asked";
}

TEST(ConnectionCore, AnswersTheBrokersClose) {
    Session session = Session::with_channel();
    session.feed(test::close(0, 320, "CONNECTION_FORCED - shutdown", 60, 40) + test::heartbeat);
    EXPECT_EQ(session.happening(), R"(closed by server 320 "CONNECTION_FORCED - shutdown" 60.40)");
    EXPECT_EQ(session.sent(), test::close_ok(0));
    EXPECT_TRUE(session.core.ended());
    EXPECT_EQ(session.core.open_channel().error(), CommandError::not_connected);
    session.end_of_input();
    session.feed(test::heartbeat);
    EXPECT_TRUE(session.happened().empty());
}

TEST(ConnectionCore, ClosesInOrder) {
    Session session = Session::with_channel();
    ASSERT_TRUE(session.core.close(session.now, 200, "bye"));
    EXPECT_EQ(session.sent(), test::close(0, 200, "bye"));
    EXPECT_EQ(session.core.basic_ack(1, {}).error(), CommandError::not_connected);
    // What was on its way is dropped, whatever it is.
    session.feed(test::deliver(1, "t", 1, false, "", "q") + test::header(1, 2) +
                 test::close(1, 404, "late") + test::method(0, 10, 61));
    EXPECT_TRUE(session.happened().empty());
    session.feed(test::close_ok(0));
    EXPECT_EQ(session.happening(), R"(closed by client 200 "" 0.0)");
    EXPECT_EQ(session.sent(), "");
}

TEST(ConnectionCore, ClosesInOrderWhenBothSidesCloseAtOnce) {
    Session session = Session::connected();
    ASSERT_TRUE(session.core.close(session.now));
    session.sent();
    session.feed(test::close(0, 320, "CONNECTION_FORCED"));
    EXPECT_EQ(session.happening(), R"(closed by server 320 "CONNECTION_FORCED" 0.0)");
    EXPECT_EQ(session.sent(), test::close_ok(0));
}

TEST(ConnectionCore, WaitsForTheAnswerToItsCloseOnlySoLong) {
    Session session = Session::connected({.heartbeat = 0s, .close_timeout = 5s});
    session.tick(1s);
    ASSERT_TRUE(session.core.close(session.now));
    EXPECT_EQ(session.core.next_deadline(), TimePoint{6s});
    session.tick(6s);
    EXPECT_EQ(session.happening(),
              R"(failed close_timeout 0 "the broker did not confirm our close" "")");
}

TEST(ConnectionCore, TakesTheEndOfInputForTheAnswerToItsClose) {
    Session session = Session::connected();
    ASSERT_TRUE(session.core.close(session.now));
    session.end_of_input();
    EXPECT_EQ(session.happening(), R"(closed by client 200 "" 0.0)");
}

TEST(ConnectionCore, ReadsWhatCameBeforeTheEndOfInput) {
    Session session = Session::connected();
    const std::string last = test::close(0, 320, "CONNECTION_FORCED");
    const auto room = session.core.prepare(last.size());
    std::ranges::copy(test::as_octets(last), room.begin());
    session.core.commit(last.size(), session.now);
    session.end_of_input();
    EXPECT_EQ(session.happening(), R"(closed by server 320 "CONNECTION_FORCED" 0.0)");
}

TEST(ConnectionCore, RefusesACloseTextOver255Bytes) {
    Session session = Session::connected();
    EXPECT_EQ(session.core.close({}, 200, std::string(256, 'x')).error(),
              CommandError::short_string_too_long);
    EXPECT_EQ(session.sent(), "");
    EXPECT_TRUE(session.core.connected());
}

TEST(ConnectionCore, HandsItsMemoryOverInTurns) {
    Session session = Session::connected();
    OutputBuffer written;
    (void)session.core.open_channel();
    session.core.take_output(written);
    const std::byte* first = written.data();
    (void)session.core.open_channel();
    session.core.take_output(written);
    (void)session.core.open_channel();
    session.core.take_output(written);
    EXPECT_EQ(written.data(), first);
    EXPECT_EQ(session.core.output_bytes(), 0U);
}

}  // namespace

}  // namespace warren::amqp
