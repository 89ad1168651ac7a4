#include "protocol/moved_request.hpp"

#include "protocol/metadata.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;

struct Moving {
    std::vector<Member> deaths{{Value::text("queue"), Value::text("jobs.retry-1s")}};
    std::vector<Value> history{Value::map(deaths)};
    std::vector<Member> headers{{Value::text("idempotency-key"), Value::text("k")},
                                {Value::text("warren-sent-at-ms"), Value::integer(500)},
                                {Value::text("x-delivery-count"), Value::integer(2)},
                                {Value::text("x-death"), Value::list(history)},
                                {Value::text("x-first-death-queue"), Value::text("q")}};
    MessageView request{.exchange = "add",
                        .routing_key = "jobs",
                        .content_type = "application/json",
                        .correlation_id = "c",
                        .reply_to = "replies",
                        .expiration = "60000",
                        .message_id = "m",
                        .user_id = "ada",
                        .timestamp = 77,
                        .priority = 4,
                        .headers = Value::map(headers)};
    Arena arena;

    MessageView moved(const RequestMove& move) {
        return moved_request(request, move, "server", arena);
    }
};

TEST(MovedRequest, ComesBackAsItWasWithItsAttemptsAndTheTimeThatIsLeft) {
    Moving moving;
    MessageView message = moving.moved(
        {.queue = "jobs.retry-1s", .attempts = 3, .time_left = 50s, .unix_ms = 10'000});
    EXPECT_EQ(message.exchange, "");
    EXPECT_EQ(message.routing_key, "jobs.retry-1s");
    EXPECT_EQ(message.expiration, "");
    EXPECT_EQ(message.user_id, "server");
    EXPECT_EQ(message.headers.find("x-delivery-count"), nullptr);
    EXPECT_EQ(message.headers.find("x-death"), nullptr);
    EXPECT_EQ(message.headers.find("x-first-death-queue"), nullptr);
    message.routing_key = "jobs";
    restore_moved(message, "server", 14'000, moving.arena);
    EXPECT_EQ(message.exchange, "add");
    EXPECT_EQ(message.routing_key, "jobs");
    EXPECT_EQ(message.user_id, "ada");
    EXPECT_EQ(message.expiration, "46000");
    EXPECT_EQ(message.timestamp, 77U);
    const auto metadata = read_metadata(message);
    ASSERT_TRUE(metadata);
    EXPECT_EQ(metadata->attempt, 4U);
    EXPECT_EQ(metadata->idempotency_key, "k");
    EXPECT_EQ(metadata->priority, 4);
    EXPECT_EQ(metadata->sent_at_ms, std::nullopt);
    EXPECT_EQ(first_attempt_ms(message), 500);
    message.redelivered = true;
    EXPECT_EQ(delivery_attempt(message), 5U);
}

TEST(MovedRequest, WhoseTimeIsOverHasNextToNoneLeft) {
    Moving moving;
    MessageView message =
        moving.moved({.queue = "jobs", .attempts = 1, .time_left = 1s, .unix_ms = 10'000});
    restore_moved(message, "server", 99'000, moving.arena);
    EXPECT_EQ(message.expiration, "1");
}

TEST(MovedRequest, IsBelievedOfTheSameUserAtTheDefaultExchangeAlone) {
    Moving moving;
    const MessageView message = moving.moved(
        {.queue = "jobs", .attempts = 3, .unix_ms = 10'000, .is_suspect = true, .is_next = true});
    MessageView own = message;
    restore_moved(own, "server", 0, moving.arena);
    EXPECT_TRUE(own.is_suspect);
    EXPECT_EQ(delivery_attempt(own), 3U) << "it was counted before it begins";
    own.redelivered = true;
    EXPECT_EQ(delivery_attempt(own), 4U);
    own.is_next = false;
    EXPECT_EQ(delivery_attempt(own), 4U) << "what waits was not begun";
    for (const std::string_view user : {"", "other"}) {
        MessageView forged = message;
        restore_moved(forged, user, 0, moving.arena);
        EXPECT_EQ(forged.attempts_before, 0U) << user;
        EXPECT_EQ(forged.exchange, "") << user;
        EXPECT_EQ(forged.user_id, "server") << user;
    }
    MessageView elsewhere = message;
    elsewhere.exchange = "add";
    restore_moved(elsewhere, "server", 0, moving.arena);
    EXPECT_EQ(elsewhere.user_id, "server");
}

TEST(MovedRequest, AsADeadLetterSaysWhyAndKeepsItsHistory) {
    Moving moving;
    const MessageView message =
        moving.moved({.queue = "jobs.dead-letter",
                      .unix_ms = 10'000,
                      .death = Death{.reason = "poisoned: it was begun 5 times",
                                     .attempts = 5,
                                     .first_unix_ms = 500,
                                     .last_unix_ms = 10'000,
                                     .server = "host (process 1)",
                                     .queue = "jobs"}});
    EXPECT_NE(message.headers.find("x-death"), nullptr);
    EXPECT_NE(message.headers.find("idempotency-key"), nullptr);
    const Dynamic death{*message.headers.find(dead_header)};
    EXPECT_EQ(death["reason"], Value::text("poisoned: it was begun 5 times"));
    EXPECT_EQ(death["attempts"], Value::integer(5));
    EXPECT_EQ(death["first_ms"], Value::integer(500));
    EXPECT_EQ(death["last_ms"], Value::integer(10'000));
    EXPECT_EQ(death["server"], Value::text("host (process 1)"));
    EXPECT_EQ(death["queue"], Value::text("jobs"));
    EXPECT_EQ(move_note(message)->find("exchange")->as_text(), "add");
}

TEST(MovedRequest, ANoteThatIsNoneIsPassedOver) {
    Arena arena;
    const std::vector<Member> headers{{Value::text(moved_header), Value::text("no map")}};
    MessageView message{.user_id = "server", .headers = Value::map(headers)};
    restore_moved(message, "server", 0, arena);
    EXPECT_EQ(message.user_id, "server");
    const std::vector<Member> note{{Value::text("attempts"), Value::integer(-7)},
                                   {Value::text("time_left_ms"), Value::integer(INT64_MIN)},
                                   {Value::text("at_ms"), Value::integer(INT64_MAX)}};
    const std::vector<Member> wrong{{Value::text(moved_header), Value::map(note)}};
    message.headers = Value::map(wrong);
    restore_moved(message, "server", 0, arena);
    EXPECT_EQ(message.attempts_before, 0U);
    EXPECT_EQ(message.expiration, "1");
}

}  // namespace
}  // namespace warren::protocol
