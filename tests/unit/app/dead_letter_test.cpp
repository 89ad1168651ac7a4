#include "app/dead_letter.hpp"

#include "protocol/cyberfusion.hpp"
#include "protocol/moved_request.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace warren::app {
namespace {

using protocol::MessageView;

std::unique_ptr<protocol::MessageProtocol> cyberfusion() {
    return protocol::make_cyberfusion_protocol();
}

/// A message as a broker dead-letters it.
struct Dropped {
    std::vector<Value> keys{Value::text("orders")};
    std::vector<Member> death{{Value::text("queue"), Value::text("orders")},
                              {Value::text("reason"), Value::text("delivery_limit")},
                              {Value::text("count"), Value::integer(1)},
                              {Value::text("exchange"), Value::text("add")},
                              {Value::text("routing-keys"), Value::list(keys)},
                              {Value::text("time"), Value::integer(1'000)}};
    std::vector<Value> deaths{Value::map(death)};
    std::vector<Member> headers{{Value::text("idempotency-key"), Value::text("k")},
                                {Value::text("x-delivery-count"), Value::integer(6)},
                                {Value::text("x-death"), Value::list(deaths)}};
    MessageView message{.routing_key = "orders.dead-letter",
                        .content_type = "application/json",
                        .correlation_id = "c",
                        .reply_to = "r",
                        .expiration = "5000",
                        .user_id = "ada",
                        .priority = 2,
                        .headers = Value::map(headers),
                        .body = protocol::bytes_of(R"({"a": 1})")};
};

TEST(DeadLetter, OfABrokerSaysWhatItNoted) {
    const Dropped dropped;
    const DeadLetter letter = read_dead_letter(dropped.message, *cyberfusion());
    EXPECT_EQ(letter.method, "add");
    EXPECT_TRUE(letter.reason.starts_with("poisoned: ")) << letter.reason;
    EXPECT_EQ(letter.died_ms, 1'000'000);
    EXPECT_EQ(letter.attempts, std::nullopt) << "those counted are of the dead letter queue";
    EXPECT_EQ(letter.queue, "orders");
    EXPECT_EQ(letter.idempotency_key, "k");
    EXPECT_EQ(letter.priority, 2);
    EXPECT_TRUE(record_of(letter, true).to_json().contains(R"("arguments":{"a":1})"))
        << record_of(letter, true).to_json();
    EXPECT_FALSE(record_of(letter, false).to_json().contains("arguments"));
    EXPECT_TRUE(record_of(letter, false).to_json().contains(R"("history":[{"queue":"orders")"));
    EXPECT_TRUE(to_text(letter, false).contains("add  poisoned: ")) << to_text(letter, false);
}

TEST(DeadLetter, GoesBackToWhereItWas) {
    const Dropped dropped;
    Arena arena;
    const MessageView back = put_back(dropped.message, "queue", "server", arena);
    EXPECT_EQ(back.exchange, "add");
    EXPECT_EQ(back.routing_key, "orders");
    EXPECT_EQ(back.expiration, "");
    EXPECT_EQ(back.user_id, "") << "the broker would refuse another's";
    EXPECT_EQ(back.priority, 2);
    EXPECT_EQ(back.headers.as_map().size(), 1U);
    EXPECT_EQ(put_back(dropped.message, "queue", "ada", arena).user_id, "ada");
}

TEST(DeadLetter, OfAServerSaysWhatTheServerNoted) {
    const Dropped dropped;
    MessageView request = dropped.message;
    request.exchange = "add";
    request.routing_key = "orders";
    Arena arena;
    const MessageView dead = protocol::moved_request(
        request,
        {.queue = "orders.dead-letter",
         .unix_ms = 3'000,
         .death = protocol::Death{.reason = "poisoned: it was begun 5 times",
                                  .attempts = 5,
                                  .last_unix_ms = 3'000,
                                  .server = "here",
                                  .queue = "orders"}},
        "server", arena);
    const DeadLetter letter = read_dead_letter(dead, *cyberfusion());
    EXPECT_EQ(letter.method, "add");
    EXPECT_EQ(letter.reason, "poisoned: it was begun 5 times");
    EXPECT_EQ(letter.died_ms, 3'000);
    EXPECT_EQ(letter.attempts, 5U);
    EXPECT_EQ(letter.server, "here");
    const MessageView back = put_back(dead, "queue", "ada", arena);
    EXPECT_EQ(back.exchange, "add");
    EXPECT_EQ(back.routing_key, "orders");
    EXPECT_EQ(back.user_id, "ada");
    EXPECT_EQ(back.headers.as_map().size(), 1U);
}

TEST(DeadLetter, ThatSaysNothingGoesToTheServedQueue) {
    const MessageView message{.body = protocol::bytes_of("{}")};
    Arena arena;
    const MessageView back = put_back(message, "orders", "", arena);
    EXPECT_EQ(back.exchange, "");
    EXPECT_EQ(back.routing_key, "orders");
    EXPECT_TRUE(back.headers.is_null());
    EXPECT_EQ(read_dead_letter(message, *cyberfusion()).reason, "nothing says why");
}

TEST(DeadLetter, IsMeantByItsMethodItsReasonAndItsTime) {
    const DeadLetter letter{.method = "add", .reason = "poisoned: twice", .died_ms = 5'000};
    EXPECT_TRUE(DeadFilter{}.matches(letter));
    EXPECT_TRUE(
        (DeadFilter{.method = "add", .reason = "poison", .since_ms = 5'000}.matches(letter)));
    EXPECT_FALSE(DeadFilter{.method = "ad"}.matches(letter));
    EXPECT_FALSE(DeadFilter{.reason = "expired"}.matches(letter));
    EXPECT_FALSE(DeadFilter{.since_ms = 5'001}.matches(letter));
    EXPECT_TRUE(read_since("2h"));
    EXPECT_EQ(read_since("1970-01-01T00:00:05Z"), 5'000);
    EXPECT_TRUE(read_since("yesterday").error().contains("such as 2h"));
}

}  // namespace
}  // namespace warren::app
