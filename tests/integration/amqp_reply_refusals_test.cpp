#include <warren/client.hpp>
#include <warren/server.hpp>

#include "core/base64.hpp"
#include "integration/amqp_harness.hpp"
#include "support/http_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <semaphore>
#include <set>
#include <string>
#include <vector>

/// Replies that the broker does not take: one of them must stop nothing else.
namespace warren::test {
namespace {

constexpr int broker_bytes_max = 4096;  // of a message
constexpr int over_bytes = broker_bytes_max + 1;

/// A server of one method that gives back a text of a length, at a queue of its own.
class Served {
public:
    Served(const std::string& uri, const std::string& protocol, const std::string& queue) {
        server.method("text", [this](std::int64_t length) { return text(length); }, {"length"});
        ListenerOptions listener{.url = uri, .protocol = protocol};
        (protocol == "callme" ? listener.callme.server_id : listener.queue.name) = queue;
        if (protocol == "callme") {
            listener.callme.threaded = true;
        }
        server.listen(listener);
        std::promise<void> ready;
        server.on_ready([&ready] { ready.set_value(); });
        server.start();
        ready.get_future().wait();
    }

    /// out  what one of its counters says
    int count(const std::string& counter) {
        const std::string text = metrics();
        const std::size_t at = text.find("\nwarren_server_" + counter + "_total{");
        return at == std::string::npos ? 0 : std::stoi(text.substr(text.find("} ", at) + 2));
    }
    std::string metrics() { return http_get(server.admin_address(), "/metrics"); }
    /// out  how often this length was asked for
    int runs(std::int64_t length) {
        const std::lock_guard lock{mutex};
        return static_cast<int>(asked.count(length));
    }

    std::shared_ptr<RecordingLog> log = std::make_shared<RecordingLog>();
    Server server{{.log = log, .admin_address = "127.0.0.1:0"}};

private:
    std::string text(std::int64_t length) {
        const std::lock_guard lock{mutex};
        asked.insert(length);
        return std::string(static_cast<std::size_t>(length), 'x');
    }

    std::mutex mutex;
    std::multiset<std::int64_t> asked;
};

class AmqpReplyRefusals : public testing::Test {
protected:
    static RabbitMq& broker() {
        static RabbitMq own;
        static const bool limited = [] {
            own.evaluate("application:set_env(rabbit, max_message_size, " +
                         std::to_string(broker_bytes_max) + ")");
            return true;
        }();
        EXPECT_TRUE(limited);
        return own;
    }

    /// As the broker gives them out, with one that it cannot read in it.
    static std::string bad_address(int number) {
        return "amq.rabbitmq.reply-to.AAAA" + std::to_string(1000 + number) + ".BBBB";
    }

    /// Of a process of the node rabbit@`host`, as it would write it.
    static std::string foreign_address(const std::string& host, int process) {
        const std::string node = "rabbit@" + host;
        std::string term{"\x83Xw"};
        term.append(1, static_cast<char>(node.size())).append(node).append(3, '\0');
        term.append(1, static_cast<char>(process)).append(7, '\0').append(1, '\1');
        return "amq.rabbitmq.reply-to." + core::base64_encode(term) + ".RBU/1HS/SCgncjcKHp7jwA==";
    }

    static bool is_empty(const std::string& queue) {
        const RabbitMq::QueueDepth depth = broker().queue_depth(queue);
        return depth.ready == 0 && depth.unacknowledged == 0;
    }

    LoopThread loop;
};

TEST_F(AmqpReplyRefusals, ADirectAddressThatTheBrokerCannotReadCostsNoConnection) {
    Served served{broker().uri(), "tutorial", "unreadable"};
    Client client{broker().uri() + "?protocol=tutorial&queue=unreadable"};
    Caller attacker{loop, broker().uri()};
    ASSERT_TRUE(attacker.await_ready());
    ASSERT_EQ(client.call("text", Dynamic::list({3}))->as_text(), "xxx");
    for (int number = 0; number < 20; ++number) {
        attacker.call_for(bad_address(number), "unreadable", "7");
        attacker.call_for(bad_address(0), "unreadable", "7");
        ASSERT_EQ(client.call("text", Dynamic::list({3}))->as_text(), "xxx") << number;
    }
    ASSERT_TRUE(eventually([] { return is_empty("unreadable"); }));
    EXPECT_EQ(served.runs(7), 40) << "each once";
    EXPECT_EQ(served.log->count("; connecting again"), 0U) << "they were never sent on its own";
    EXPECT_TRUE(served.log->await_line("a reply reaches nobody"));
    EXPECT_EQ(status_of(http_get(served.server.admin_address(), "/readyz")), "200");
    const std::string metrics = served.metrics();
    EXPECT_NE(metrics.find("warren_server_dropped_answers_total{transport=\"amqp\",protocol="
                           "\"tutorial\"} 40\n"),
              std::string::npos)
        << metrics;
    EXPECT_TRUE(served.server.drain(std::chrono::seconds{60}));
}

TEST_F(AmqpReplyRefusals, DirectAddressesOfAnotherBrokerCostOneTrial) {
    Served served{broker().uri(), "cyberfusion", "foreign"};
    Client client{broker().uri() + "?queue=foreign"};
    Caller attacker{loop, broker().uri()};
    ASSERT_TRUE(attacker.await_ready());
    for (int number = 0; number < 10; ++number) {
        attacker.call_for(foreign_address("elsewhere", number), "foreign", R"({"length": 7})",
                          "text");
        EXPECT_EQ(client.call("text", Dynamic::map({{"length", 3}}))->as_text(), "xxx");
    }
    EXPECT_TRUE(eventually([] { return is_empty("foreign"); }));
    EXPECT_EQ(served.runs(7), 10) << "each once";
    EXPECT_EQ(served.log->count("; connecting again"), 0U);
    EXPECT_EQ(served.count("dropped_answers"), 10);
    EXPECT_EQ(served.count("refused_replies"), 1) << "the one that was tried";
}

TEST_F(AmqpReplyRefusals, InventedNodesCostSoManyTrialsAndNobodyElseAReply) {
    for (const std::string protocol : {"cyberfusion", "tutorial"}) {
        const std::string queue = "invented_" + protocol;
        Served served{broker().uri(), protocol, queue};
        Client direct{broker().uri() + "?reply=direct&protocol=" + protocol + "&queue=" + queue};
        Client client{broker().uri() + "?protocol=" + protocol + "&queue=" + queue};
        const bool is_tutorial = protocol == "tutorial";
        const Dynamic small = is_tutorial ? Dynamic::list({3}) : Dynamic::map({{"length", 3}});
        EXPECT_EQ(direct.call("text", small)->as_text(), "xxx");
        Caller attacker{loop, broker().uri()};
        ASSERT_TRUE(attacker.await_ready());
        constexpr int strangers = 60;
        for (int number = 0; number < strangers; ++number) {
            attacker.call_for(foreign_address("host" + std::to_string(number), number), queue,
                              is_tutorial ? "7" : R"({"length": 7})", is_tutorial ? "" : "text");
            EXPECT_EQ(direct.call("text", small)->as_text(), "xxx") << number;
            EXPECT_EQ(client.call("text", small)->as_text(), "xxx") << number;
        }
        EXPECT_TRUE(eventually([&] { return served.count("dropped_answers") == strangers; }));
        EXPECT_TRUE(eventually([&] { return is_empty(queue); }));
        EXPECT_EQ(served.runs(7), strangers) << "each once";
        EXPECT_EQ(served.log->count("; connecting again"), 0U);
        // Nobody measures the time here: a minute may pass.
        EXPECT_GE(served.count("refused_replies"), 1);
        EXPECT_LT(served.count("refused_replies"), strangers);
    }
}

TEST_F(AmqpReplyRefusals, WithoutASecondConnectionGoodRepliesGoOutAllTheSame) {
    broker().add_vhost("narrow");
    const std::string uri = broker().uri({}, "narrow");
    Served served{uri, "tutorial", "narrow"};
    Client client{uri + "?protocol=tutorial&queue=narrow"};
    ASSERT_EQ(client.call("text", Dynamic::list({3}))->as_text(), "xxx");
    Caller direct{loop, uri, {.reply_mode = transport::ReplyMode::direct}};
    ASSERT_TRUE(direct.await_ready());
    broker().evaluate(
        "rabbit_vhost_limit:parse_set(<<\"narrow\">>, <<\"{\\\"max-connections\\\": 1}\">>, "
        "<<\"test\">>)");
    EXPECT_TRUE(direct.await_reply(direct.call("", "narrow", "3")));
    for (int round = 0; round < 3; ++round) {
        try {
            client.call("text", Dynamic::list({over_bytes}));
            ADD_FAILURE() << "over the broker's limit";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Code::internal) << error.what();
        }
        EXPECT_EQ(client.call("text", Dynamic::list({3}))->as_text(), "xxx");
    }
    EXPECT_EQ(served.log->count("; connecting again"), 0U);
    EXPECT_EQ(served.count("refused_replies"), 3);
}

TEST_F(AmqpReplyRefusals, OneThatIsMetAfterARestartCostsNoConnection) {
    const std::string queue = "restarted";
    Caller attacker{loop, broker().uri()};
    ASSERT_TRUE(attacker.await_ready());
    for (int round = 0; round < 2; ++round) {
        Served served{broker().uri(), "tutorial", queue};
        attacker.call_for(bad_address(round), queue, "7");
        EXPECT_TRUE(served.log->await_line("a reply reaches nobody"));
        EXPECT_TRUE(eventually([&] { return is_empty(queue); }));
        EXPECT_EQ(served.log->count("; connecting again"), 0U);
        served.server.stop();
    }
}

class OversizedReplies : public AmqpReplyRefusals,
                         public testing::WithParamInterface<const char*> {};

TEST_P(OversizedReplies, AreAnsweredInternalAndHarmNobody) {
    const std::string protocol = GetParam();
    const std::string queue = "oversized_" + protocol;
    Served served{broker().uri(), protocol, queue};
    const std::string address = broker().uri() + "?protocol=" + protocol +
                                (protocol == "callme" ? "&server_id=" : "&queue=") + queue;
    for (const char* const reply : {"direct", "exclusive"}) {
        if (protocol == "callme" && std::string_view{reply} == "direct") {
            continue;
        }
        Client client{address + (protocol == "callme" ? "" : std::string{"&reply="} + reply)};
        const Dynamic small =
            protocol == "tutorial" ? Dynamic::list({3}) : Dynamic::map({{"length", 3}});
        const Dynamic large = protocol == "tutorial" ? Dynamic::list({over_bytes})
                                                     : Dynamic::map({{"length", over_bytes}});
        for (int round = 0; round < 3; ++round) {
            try {
                client.call("text", large);
                ADD_FAILURE() << "over the broker's limit";
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), Code::internal) << error.what();
                EXPECT_NE(error.failure().message.find("max_message_size"), std::string::npos)
                    << error.what();
            }
            EXPECT_EQ(client.call("text", small)->as_text(), "xxx");
        }
    }
    const int clients = protocol == "callme" ? 1 : 2;
    EXPECT_EQ(served.runs(over_bytes), 3 * clients) << "each once";
    EXPECT_EQ(served.log->count("; connecting again"), 0U);
    EXPECT_EQ(status_of(http_get(served.server.admin_address(), "/readyz")), "200");
    EXPECT_NE(served.metrics().find("warren_server_refused_replies_total{transport=\"amqp\","
                                    "protocol=\"" +
                                    protocol + "\"} " + std::to_string(3 * clients) + "\n"),
              std::string::npos)
        << served.metrics();
    EXPECT_TRUE(served.server.drain(std::chrono::seconds{60}));
}

INSTANTIATE_TEST_SUITE_P(Protocols, OversizedReplies,
                         testing::Values("cyberfusion", "tutorial", "callme"),
                         [](const auto& tested) { return std::string{tested.param}; });

TEST_F(AmqpReplyRefusals, AReplyWhoseQueueIsNotBoundGoesThereAllTheSame) {
    Served served{broker().uri(), "cyberfusion", "unbound"};
    Caller caller{loop, broker().uri(), {.reply_mode = transport::ReplyMode::exclusive}};
    ASSERT_TRUE(caller.await_ready());
    const std::uint64_t token = caller.call("text", "unbound", R"({"length": 3})");
    EXPECT_TRUE(caller.await_reply(token));
}

TEST_F(AmqpReplyRefusals, AReplyThatNoQueueTakesIsCountedAndLogged) {
    Served served{broker().uri(), "cyberfusion", "unroutable"};
    Caller caller{loop, broker().uri()};
    ASSERT_TRUE(caller.await_ready());
    caller.call_for("no such queue", "unroutable", R"({"length": 3})", "text");
    EXPECT_TRUE(served.log->await_line("There is no queue 'no such queue'"));
    EXPECT_NE(served.metrics().find("warren_server_dropped_answers_total{transport=\"amqp\","
                                    "protocol=\"cyberfusion\"} 1\n"),
              std::string::npos);
}

TEST_F(AmqpReplyRefusals, ARequestOverTheBrokersLimitFailsAlone) {
    Served served{broker().uri(), "tutorial", "alone"};
    Client client{broker().uri() + "?protocol=tutorial&queue=alone"};
    const std::string large(broker_bytes_max + 1, '7');
    std::atomic<int> right = 0;
    std::promise<void> over;
    std::atomic<int> left = 60;
    for (int call = 0; call < 60; ++call) {
        const bool is_large = call % 20 == 10;
        client.start_call("text", Dynamic::list({is_large ? Dynamic{large} : Dynamic{3}}),
                          [&, is_large](std::expected<Dynamic, Failure> outcome) {
                              if (is_large) {
                                  EXPECT_FALSE(outcome);
                                  EXPECT_EQ(outcome ? Code::internal : outcome.error().code,
                                            Code::invalid_request);
                                  right += !outcome &&
                                           outcome.error().message.contains("max_message_size");
                              } else {
                                  EXPECT_TRUE(outcome) << to_string(outcome.error());
                                  right += outcome.has_value();
                              }
                              if (--left == 0) {
                                  over.set_value();
                              }
                          });
    }
    over.get_future().wait();
    EXPECT_EQ(right, 60);
}

TEST_F(AmqpReplyRefusals, ARequestForADirectAddressIsRefusedByTheClient) {
    Client client{broker().uri() + "?protocol=tutorial&queue=" + bad_address(0)};
    try {
        client.call("text", Dynamic::list({3}));
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request) << error.what();
    }
}

TEST_F(AmqpReplyRefusals, ADrainWaitsForTheBrokerToSendItsLastReply) {
    RabbitMq own;
    std::promise<void> running;
    std::promise<void> may_end;
    Server server;
    server.method("text",
                  [&](std::int64_t) {
                      running.set_value();
                      may_end.get_future().wait();
                      return std::string{"late"};
                  },
                  {"length"});
    server.listen({.url = own.uri(), .queue = {.name = "late"}});
    server.start();
    ASSERT_TRUE(eventually([&] { return server.ready(); }));
    Client client{own.uri() + "?queue=late&reply=durable"};
    std::promise<std::string> response;
    client.start_call("text", Dynamic::map({{"length", 3}}),
                      [&](std::expected<Dynamic, Failure> outcome) {
                          response.set_value(outcome ? std::string{(*outcome)->as_text()}
                                                     : to_string(outcome.error()));
                      });
    running.get_future().wait();
    own.stop();
    ASSERT_TRUE(eventually([&] { return !server.ready(); }));
    EXPECT_FALSE(server.drain(std::chrono::milliseconds{1}));
    EXPECT_EQ(server.unfinished(), std::vector<std::string>{"calls that run: 1"});
    may_end.set_value();
    ASSERT_TRUE(eventually([&] {
        const auto reasons = server.unfinished();
        return reasons.size() == 1 && reasons[0].contains("replies that wait for a connection: 1");
    }));
    EXPECT_FALSE(server.drain(std::chrono::milliseconds{1})) << "nothing was answered";
    own.start();
    EXPECT_TRUE(server.drain(std::chrono::seconds{60}));
    EXPECT_EQ(response.get_future().get(), "late");
}

TEST_F(AmqpReplyRefusals, ADrainThatTheBrokerDoesNotAnswerBlamesNoHandler) {
    constexpr int calls = 20;
    RabbitMq own;
    std::counting_semaphore<> may_end{0};
    std::atomic<int> running = 0;
    const auto log = std::make_shared<RecordingLog>();
    Server server{{.workers = calls, .log = log}};
    server.method("text",
                  [&](std::int64_t) {
                      ++running;
                      may_end.acquire();
                      return std::string{"x"};
                  },
                  {"length"});
    server.listen(
        {.url = own.uri(), .max_simultaneous_requests = calls, .queue = {.name = "blocked"}});
    server.start();
    ASSERT_TRUE(eventually([&] { return server.ready(); }));
    Client client{own.uri() + "?queue=blocked"};
    for (int call = 0; call < calls; ++call) {
        client.start_call("text", Dynamic::map({{"length", 3}}),
                          [](const std::expected<Dynamic, Failure>&) {});
    }
    ASSERT_TRUE(eventually([&] { return running == calls; }));
    own.block();
    // A broker says so, and reads no more, once a connection has published during the alarm.
    int ended = 0;
    ASSERT_TRUE(eventually([&] {
        may_end.release(ended++ < calls ? 1 : 0);
        return log->count("takes no messages") != 0;
    }));
    may_end.release(calls);
    EXPECT_FALSE(server.drain(std::chrono::milliseconds{100}));
    EXPECT_TRUE(eventually([&] {
        return std::ranges::none_of(server.unfinished(), [](const std::string& reason) {
            return reason.contains("calls that run");
        });
    }));
    EXPECT_FALSE(server.unfinished().empty());
    own.unblock();
    EXPECT_TRUE(server.drain(std::chrono::seconds{60}));
}

}  // namespace
}  // namespace warren::test
