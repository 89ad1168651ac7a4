#include "endpoint/call_log/record_sender.hpp"

#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;

class LinesOfLosses final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

/// A sender whose log server is the test.
class Sending {
public:
    explicit Sending(std::size_t room_bytes_max = 1 << 20) : room{room_bytes_max} {}

    bool add(std::string body, bool may_be_there = false) {
        const bool is_added =
            sender.add({.path = "/x", .body = std::move(body), .may_be_there = may_be_there});
        executor.run_until_idle();
        return is_added;
    }
    void answer(unsigned status) { end({{.status = status}}); }
    void lose() {
        end(std::unexpected{Failure{.code = Code::connection_lost, .message = "nobody is there"}});
    }
    bool is_asked() const { return done_ != nullptr; }

    transport::VirtualExecutor executor;
    LinesOfLosses log;
    RecordRoom room;
    RecordLosses losses{executor, log};
    std::vector<std::string> bodies;
    RecordSender sender{executor,
                        room,
                        losses,
                        [this](const CallRecord& record, RecordSender::Done done) {
                            EXPECT_EQ(done_, nullptr) << "one at a time";
                            bodies.push_back(record.body);
                            done_ = std::move(done);
                        },
                        {.retries_max = 2, .backoff = {.first = 100ms, .max = 1s}}};

private:
    void end(std::expected<transport::HttpResponse, Failure> outcome) {
        ASSERT_NE(done_, nullptr);
        std::exchange(done_, nullptr)(std::move(outcome));
        executor.run_until_idle();
    }

    RecordSender::Done done_;
};

using Bodies = std::vector<std::string>;

TEST(RecordSender, SendsOneAfterTheOther) {
    Sending sending;
    sending.add("a");
    sending.add("b");
    EXPECT_EQ(sending.bodies, Bodies{"a"});
    sending.answer(201);
    EXPECT_EQ(sending.bodies, (Bodies{"a", "b"}));
    sending.answer(201);
    EXPECT_EQ(sending.losses.counters().sent, 2U);
    EXPECT_EQ(sending.sender.waiting(), 0U);
}

TEST(RecordSender, TriesAgainWithGrowingPausesAndThenGoesOn) {
    Sending sending;
    sending.add("a");
    sending.add("b");
    sending.lose();
    EXPECT_FALSE(sending.is_asked());
    sending.executor.advance(100ms);
    sending.answer(503);
    sending.executor.advance(99ms);
    EXPECT_FALSE(sending.is_asked()) << "the second pause is longer";
    sending.executor.advance(101ms);
    EXPECT_EQ(sending.bodies, (Bodies{"a", "a", "a"}));
    sending.answer(500);
    EXPECT_EQ(sending.losses.counters().failed, 1U);
    EXPECT_EQ(sending.bodies.back(), "b");
    sending.answer(201);
    EXPECT_EQ(sending.losses.counters().sent, 1U);
}

TEST(RecordSender, WhatIsRefusedIsNotTriedAgain) {
    Sending sending;
    sending.add("a");
    sending.add("again", true);
    sending.answer(422);
    EXPECT_EQ(sending.bodies.back(), "again");
    sending.answer(500);
    EXPECT_EQ(sending.losses.counters().failed, 1U);
    EXPECT_EQ(sending.losses.counters().sent, 1U) << "the server had it";
}

TEST(RecordSender, WhatHasNoRoomIsNotTaken) {
    Sending sending{2 * (100 + sizeof(CallRecord))};
    const std::string large(100, 'x');
    EXPECT_TRUE(sending.add(large));
    EXPECT_TRUE(sending.add(large));
    EXPECT_FALSE(sending.add("x"));
    sending.answer(201);
    EXPECT_TRUE(sending.add(large)) << "what was sent gives its room back";
}

TEST(RecordSender, TheEndTriesNothingAgain) {
    Sending sending;
    sending.add("a");
    sending.add("b");
    sending.lose();
    bool is_done = false;
    sending.sender.close([&] { is_done = true; });
    sending.executor.run_until_idle();
    ASSERT_TRUE(sending.is_asked()) << "once more, at once";
    EXPECT_FALSE(is_done);
    sending.lose();
    EXPECT_TRUE(is_done);
    EXPECT_EQ(sending.losses.counters().failed, 2U);
}

TEST(RecordSender, AFlushWaitsForWhatIsUnderWay) {
    Sending sending;
    sending.add("a");
    bool is_done = false;
    sending.sender.flush([&] { is_done = true; });
    EXPECT_FALSE(is_done);
    sending.answer(201);
    EXPECT_TRUE(is_done);
}

TEST(RecordLosses, AreToldAtOnceAndThenOnceAMinute) {
    Sending sending;
    sending.losses.add_dropped();
    sending.executor.run_until_idle();
    ASSERT_EQ(sending.log.lines.size(), 1U);
    EXPECT_NE(sending.log.lines[0].find("1 requests and responses are lost"), std::string::npos);
    for (int count = 0; count < 100; ++count) {
        sending.losses.add_failed(1, "it fails");
        sending.executor.run_until_idle();
    }
    sending.executor.advance(59s);
    EXPECT_EQ(sending.log.lines.size(), 1U);
    sending.executor.advance(1s);
    ASSERT_EQ(sending.log.lines.size(), 2U);
    EXPECT_NE(sending.log.lines[1].find("100 requests"), std::string::npos);
    EXPECT_NE(sending.log.lines[1].find("it fails"), std::string::npos);
    sending.executor.advance(1h);
    EXPECT_EQ(sending.log.lines.size(), 2U);
    EXPECT_EQ(sending.executor.next_deadline(), std::nullopt) << "and no timer";
}

}  // namespace
}  // namespace warren::endpoint
