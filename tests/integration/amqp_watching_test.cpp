#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/served.hpp"

#include <future>
#include <string>

// What a broker does not tell, and is asked for: servers that are not there, alarms, and what
// somebody has deleted.
namespace warren::test {
namespace {

class AmqpWatching : public testing::Test {
protected:
    std::string resource(std::string_view kind, std::string_view name) const {
        return "rabbit_misc:r(<<\"" + broker.vhost() + "\">>, " + std::string{kind} + ", <<\"" +
               std::string{name} + "\">>)";
    }
    void delete_exchange(std::string_view name) {
        broker.evaluate("rabbit_exchange:delete(" + resource("exchange", name) +
                        ", false, <<\"test\">>)");
    }
    bool has_queue(std::string_view name) {
        return !broker.evaluate("rabbit_amqqueue:lookup(" + resource("queue", name) + ")")
                    .contains("not_found");
    }

    /// As nodes of a cluster do that were apart: nobody is told.
    void lose_queue(std::string_view name) {
        broker.evaluate("rabbit_amqqueue:internal_delete(" + resource("queue", name) +
                        ", <<\"test\">>)");
    }

    RabbitMq& broker = RabbitMq::shared();
    LoopThread loop;
};

TEST_F(AmqpWatching, CountsTheConsumersOfAQueue) {
    EchoServer server{loop, broker.uri(), plain_queue("counted", 1)};
    server.holds = true;
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    EXPECT_EQ(caller.consumers_of("counted"), 1U);
    EXPECT_EQ(caller.consumers_of("no such queue").error().code, Code::no_responder);
    for (int count = 0; count < 3; ++count) {
        caller.call("", "counted", "x");
    }
    ASSERT_TRUE(server.await([&] { return server.held_.size() == 1; }));
    EXPECT_EQ(caller.consumers_of("counted"), 1U) << "one that takes no more at the moment counts";
    loop.run([&] { server.transport().stop_consuming(); });
    ASSERT_TRUE(server.await([&] { return server.stopped_; }));
    EXPECT_EQ(caller.consumers_of("counted"), 0U);
}

TEST_F(AmqpWatching, WhatTheBrokerDoesNotSayOfAServerStandsInTheFailure) {
    transport::AmqpServerOptions options = plain_queue("alone");
    options.topology.queues[0].exclusive = true;
    options.topology.exchanges = {{.name = "copies", .type = "fanout"}};
    EchoServer server{loop, broker.uri(), options};
    ASSERT_TRUE(server.await_consuming());
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(caller.await_ready());
    const auto consumers = caller.consumers_of("alone");
    ASSERT_FALSE(consumers);
    EXPECT_EQ(consumers.error().code, Code::conflict);

    const auto failure_of = [](const std::string& address, const std::string& method) {
        Client client{address, {.timeout = std::chrono::milliseconds{500}}};
        try {
            client.call(method, Dynamic::map({}));
        } catch (const Error& error) {
            return error.failure();
        }
        return Failure{};
    };
    const std::string alone = broker.uri() + "?protocol=tutorial&queue=alone";
    EXPECT_EQ(failure_of(alone, "echo").message, "") << "it may well be served";
    server.holds = true;
    const Failure unanswered = failure_of(alone, "echo");
    EXPECT_EQ(unanswered.code, Code::deadline_exceeded);
    EXPECT_TRUE(unanswered.message.contains("The queue 'alone' is another connection's alone"))
        << unanswered.message;

    // Its own queue, bound there for replies, takes each request: none comes back to say that no
    // other queue does.
    const Failure copied = failure_of(broker.uri() + "?queue=absent", "copies");
    EXPECT_EQ(copied.code, Code::deadline_exceeded);
    EXPECT_TRUE(copied.message.contains("The queue 'absent': no such exchange or queue"))
        << copied.message;
    EXPECT_FALSE(caller.bind("copies"));
    const std::uint64_t token = caller.call("copies", "absent", "x");
    EXPECT_TRUE(caller.await_reply(token));
    EXPECT_TRUE(caller.await([&] { return caller.outcomes_[token].accepted; }));
    EXPECT_FALSE(caller.outcome(token).failure);
}

TEST_F(AmqpWatching, ACallToAStoppedServerIsNoResponderUnlessItWantsToWait) {
    const std::string address = broker.uri() + "?queue=stopped";
    const auto serve = [&] {
        auto server = std::make_unique<Server>();
        std::promise<void> ready;
        server->method("watched", [] { return 1; });
        server->listen({.url = broker.uri(), .queue = {.name = "stopped", .durable = true}});
        server->on_ready([&ready] { ready.set_value(); });
        server->start();
        ready.get_future().wait();
        return server;
    };
    serve()->stop();
    Client client{address};
    const auto call = [&] { client.call("watched", Dynamic::map({})); };
    const Failure stopped = failure_of(call);
    EXPECT_EQ(stopped.code, Code::no_responder);
    EXPECT_NE(stopped.message.find("nobody consumes the queue 'stopped'"), std::string::npos)
        << stopped.message;
    Client patient{address, {.when_absent = WhenAbsent::wait}};
    auto outcome =
        std::async(std::launch::async, [&] { return patient.call("watched", Dynamic::map({})); });
    ASSERT_TRUE(eventually([&] { return broker.queue_depth("stopped").ready == 1; }));
    const auto server = serve();
    EXPECT_EQ(outcome.get(), Dynamic{1});
    EXPECT_EQ(client.call("watched", Dynamic::map({})), Dynamic{1});
    server->stop();
}

TEST_F(AmqpWatching, AnExchangeThatIsDeletedComesBackWithItsBindings) {
    const std::string uri = broker.uri() + "?topology_check=100ms";
    RecordingLog log;
    EchoServer server{loop, uri, queue_behind("watched_exchange", "behind"), &log};
    server.reply_exchange = "watched_exchange";
    Caller caller{loop, uri};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    ASSERT_EQ(caller.bind("watched_exchange"), std::nullopt);
    ASSERT_TRUE(caller.await_reply(caller.call("watched_exchange", "behind", "x")));
    delete_exchange("watched_exchange");
    // Without a call that would find it.
    ASSERT_TRUE(server.await([&] { return server.times_consuming_ == 2; }));
    EXPECT_TRUE(loop.run([&] { return server.interrupted_.size() == 1; }));
    EXPECT_TRUE(loop.run([&] { return server.lost_.empty(); })) << "what it has stays";
    EXPECT_EQ(log.count("'watched_exchange'"), 1U);
    EXPECT_EQ(log.count("somebody has deleted it"), 1U);
    std::uint64_t token = 0;
    ASSERT_TRUE(eventually([&] {
        token = caller.call("watched_exchange", "behind", "y");
        caller.await(
            [&] { return caller.outcomes_[token].failure || caller.outcomes_[token].accepted; });
        return caller.outcome(token).accepted;
    }));
    // The reply's binding is another side's, and may come later.
    EXPECT_TRUE(eventually([&] {
        token = caller.call("watched_exchange", "behind", "z");
        return caller.await([&] { return caller.outcomes_[token].reply.has_value(); },
                            std::chrono::seconds{1});
    }));
}

TEST_F(AmqpWatching, AQueueThatIsDeletedIsToldBeforeItIsBack) {
    EchoServer server{loop, broker.uri(), plain_queue("deleted under it")};
    ASSERT_TRUE(server.await_consuming());
    broker.evaluate("{ok, Q} = rabbit_amqqueue:lookup(" + resource("queue", "deleted under it") +
                    "), rabbit_amqqueue:delete(Q, false, false, <<\"test\">>)");
    EXPECT_TRUE(server.await([&] { return server.times_consuming_ == 2; }));
    EXPECT_TRUE(loop.run([&] { return server.interrupted_.size() == 1; }));
}

TEST_F(AmqpWatching, AQueueThatIsGoneWithoutAWordIsFound) {
    const std::string uri = broker.uri() + "?topology_check=100ms";
    EchoServer server{loop, uri, plain_queue("lost")};
    Caller caller{loop, uri};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    ASSERT_TRUE(caller.await_reply(caller.call("", "lost", "x")));
    lose_queue("lost");
    ASSERT_TRUE(server.await([&] { return server.times_consuming_ == 2; }));
    EXPECT_TRUE(caller.await_reply(caller.call("", "lost", "y")));
    const std::string replies = loop.run([&] { return caller.reply_address_; });
    lose_queue(replies);
    ASSERT_TRUE(caller.await([&] { return caller.times_ready_ == 2; }));
    EXPECT_NE(loop.run([&] { return caller.reply_address_; }), replies);
    EXPECT_TRUE(caller.await_reply(caller.call("", "lost", "z")));
}

TEST_F(AmqpWatching, WhoMayNotPublishToTheDefaultExchangeCallsAllTheSame) {
    EchoServer server{loop, broker.uri(), queue_behind("allowed", "allowed_queue")};
    ASSERT_TRUE(server.await_consuming());
    broker.add_user({"writer", "writer"},
                    {.configure = "^amq.gen.*", .write = "^(allowed|amq.gen.*)$", .read = ".*"});
    Caller caller{loop, broker.uri({"writer", "writer"})};
    ASSERT_TRUE(caller.await_ready());
    ASSERT_EQ(caller.bind("allowed"), std::nullopt);
    EXPECT_TRUE(caller.await_reply(caller.call("allowed", "allowed_queue", "x")));
}

TEST_F(AmqpWatching, AReplyQueueHasOneClientAndGoesWithIt) {
    const std::string address =
        broker.uri() + "?queue=absent&protocol=tutorial&reply=durable&reply_queue=of_one";
    Client first{address};
    first.start_call("x", Dynamic::map({}), [](auto) {});
    ASSERT_TRUE(eventually(
        [&] { return has_queue("of_one") && broker.queue_depth("of_one").consumers == 1; }));
    Client second{address};
    const Failure refused =
        failure_of([&] { second.call("x", Dynamic::map({}), {.timeout = std::chrono::hours{1}}); });
    EXPECT_EQ(refused.code, Code::conflict) << refused.message;
    EXPECT_NE(refused.message.find("'of_one'"), std::string::npos) << refused.message;
    second.close();
    EXPECT_TRUE(has_queue("of_one")) << "it is the other one's";
    first.close();
    EXPECT_TRUE(eventually([&] { return !has_queue("of_one"); }));
}

TEST_F(AmqpWatching, AReplyQueueGoesAlsoWithAClientThatHasJustCome) {
    const std::string address =
        broker.uri() + "?queue=absent&protocol=tutorial&reply=durable&reply_queue=short_lived";
    for (int time = 0; time < 10; ++time) {
        Client client{address};
        client.start_call("x", Dynamic::map({}), [](auto) {});
        ASSERT_TRUE(eventually([&] { return has_queue("short_lived"); }));
    }
    EXPECT_TRUE(eventually([&] { return !has_queue("short_lived"); }));
}

TEST_F(AmqpWatching, AClientThatComesBackGetsItsReplyQueueAgain) {
    Caller caller{loop,
                  broker.uri(),
                  {.reply_mode = transport::ReplyMode::durable, .reply_queue = "mine again"}};
    ASSERT_TRUE(caller.await_ready());
    EXPECT_GE(broker.close_all_connections("a test"), 1U);
    EXPECT_TRUE(caller.await([&] { return caller.times_ready_ == 2; }));
    EXPECT_TRUE(loop.run([&] { return caller.failed_.empty(); }));
}

TEST_F(AmqpWatching, OneChannelTooFewIsToldAtOnce) {
    EchoServer server{loop, broker.uri(), queue_behind("few", "few")};
    ASSERT_TRUE(server.await_consuming());
    Caller caller{loop, broker.uri() + "?channel_max=2"};
    ASSERT_TRUE(caller.await_ready());
    const std::optional<Failure> refused = caller.bind("few");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Code::overloaded);
    EXPECT_NE(refused->message.find("channel_max"), std::string::npos) << refused->message;
    Caller enough{loop, broker.uri() + "?channel_max=3"};
    ASSERT_TRUE(enough.await_ready());
    ASSERT_EQ(enough.bind("few"), std::nullopt);
    EXPECT_TRUE(enough.await_reply(enough.call("few", "few", "x")));
}

}  // namespace
}  // namespace warren::test
