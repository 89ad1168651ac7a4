#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace warren::amqp::connection_content_test {

using test::Session;
using test::short_string;
using test::u16;

const std::string deliver = test::deliver(1, "t", 7, true, "e", "k");
const std::string refused = "failed protocol_violation ";

TEST(Content, ComesInOneBodyFrame) {
    Session session = Session::with_channel();
    session.feed(deliver +
                 test::header(1, 5, u16(0x8400) + short_string("text/plain") + short_string("id")) +
                 test::body(1, "hello"));
    EXPECT_EQ(session.happening(),
              "delivery 1 \"t\" tag=7 redelivered \"e\" \"k\" "
              "content_type=\"text/plain\" correlation_id=\"id\" size=5 "
              "body=\"hello\"");
}

TEST(Content, ComesWithoutABody) {
    Session session = Session::with_channel();
    session.feed(deliver + test::header(1, 0));
    EXPECT_EQ(session.happening(), R"(delivery 1 "t" tag=7 redelivered "e" "k" size=0 body="")");
}

TEST(Content, ComesInManyBodyFramesBetweenThoseOfOtherChannels) {
    Session session = Session::with_channel();
    EXPECT_EQ(session.core.open_channel(), 2);
    session.feed(test::method(2, 20, 11, test::u32(0)));
    session.happened();
    const std::string other = test::deliver(2, "u", 1, false, "", "q");
    for (const std::string& part :
         {deliver, other, test::header(1, 6), test::body(1, "ab"), test::header(2, 4),
          test::body(2, "12"), test::body(1, ""), test::body(1, "cd"), test::body(2, "34"),
          test::body(1, "ef")}) {
        session.feed(part);
    }
    EXPECT_EQ(session.happened(),
              (std::vector<std::string>{
                  R"(delivery 2 "u" tag=1 "" "q" size=4 body="1234")",
                  R"(delivery 1 "t" tag=7 redelivered "e" "k" size=6 body="abcdef")"}));
}

TEST(Content, StaysValidUntilTheNextPrepare) {
    Session session = Session::with_channel();
    std::string bytes;
    const std::vector<std::string> bodies{"first, whole", "second, in parts", "third, whole",
                                          "fourth, in parts"};
    for (const std::string& text : bodies) {
        const std::size_t cut = text.ends_with("parts") ? 5 : text.size();
        bytes += deliver + test::header(1, text.size()) + test::body(1, text.substr(0, cut));
        bytes += cut == text.size() ? "" : test::body(1, text.substr(cut));
    }
    for (int round = 0; round != 3; ++round) {
        const auto room = session.core.prepare(bytes.size());
        std::ranges::copy(test::as_octets(bytes), room.begin());
        session.core.commit(bytes.size(), session.now);
        std::vector<Delivery> deliveries;
        while (const Event* event = session.core.next_event()) {
            deliveries.push_back(std::get<Delivery>(*event));
        }
        ASSERT_EQ(deliveries.size(), bodies.size());
        for (std::size_t index = 0; index != bodies.size(); ++index) {
            EXPECT_EQ(test::as_string(deliveries[index].body), bodies[index]);
            EXPECT_EQ(deliveries[index].routing_key, "k");
        }
    }
}

TEST(Content, OfTheLimitIsTakenAndOverItIsSkipped) {
    Session session = Session::with_channel({.body_bytes_max = 4});
    session.feed(deliver + test::header(1, 4) + test::body(1, "1234"));
    EXPECT_EQ(session.happening(),
              R"(delivery 1 "t" tag=7 redelivered "e" "k" size=4 body="1234")");
    session.feed(deliver + test::header(1, 5, u16(0x0200) + short_string("me")) +
                 test::body(1, "123"));
    EXPECT_TRUE(session.happened().empty());
    session.feed(test::body(1, "45") + deliver + test::header(1, 1) + test::body(1, "x"));
    EXPECT_EQ(session.happened(),
              (std::vector<std::string>{
                  "delivery 1 \"t\" tag=7 redelivered \"e\" \"k\" reply_to=\"me\" size=5 "
                  "oversized body=\"\"",
                  R"(delivery 1 "t" tag=7 redelivered "e" "k" size=1 body="x")"}));
}

TEST(Content, TakesNoMemoryForASizeThatIsOnlyAnnounced) {
    Session session = Session::with_channel();
    session.feed(deliver + test::header(1, ~std::uint64_t{0}) + test::body(1, "x"));
    EXPECT_TRUE(session.happened().empty());
    EXPECT_FALSE(session.core.ended());
}

TEST(Content, IsReturned) {
    Session session = Session::with_channel();
    session.feed(test::basic_return(1, 312, "NO_ROUTE", "e", "nobody") +
                 test::header(1, 2, u16(0x0400) + short_string("id")) + test::body(1, "hi"));
    EXPECT_EQ(session.happening(),
              "returned 1 312 \"NO_ROUTE\" \"e\" \"nobody\" "
              "correlation_id=\"id\" size=2 body=\"hi\"");
}

TEST(Content, RefusesFramesOutOfOrder) {
    const std::string other_class = test::frame(2, 1, u16(50) + u16(0) + test::u64(1) + u16(0));
    const std::vector<std::string> wrong{
        test::header(1, 1),
        test::body(1, "x"),
        deliver + deliver,
        deliver + test::body(1, "x"),
        deliver + test::header(1, 1) + test::header(1, 1),
        deliver + test::header(1, 1) + deliver,
        deliver + test::header(1, 1) + test::body(1, "xx"),
        deliver + test::header(1, 3) + test::body(1, "xx") + test::body(1, "xx"),
        deliver + other_class,
        deliver + test::frame(2, 1, u16(60) + u16(0)),
        deliver + test::header(1, 0, u16(0x8000) + "\x05"),
        deliver + test::header(1, 0, u16(1)),
        test::frame(2, 0, ""),
        test::frame(3, 0, ""),
    };
    for (const std::string& frames : wrong) {
        Session session = Session::with_channel();
        session.feed(frames);
        EXPECT_TRUE(session.happening().starts_with(refused)) << frames;
        EXPECT_FALSE(session.sent().empty()) << "the broker is told";
    }
}

}  // namespace warren::amqp::connection_content_test
