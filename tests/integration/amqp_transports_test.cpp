#include "integration/amqp_harness.hpp"

namespace warren::test {
namespace {

class AmqpTransports : public testing::Test {
protected:
    RabbitMq& broker = RabbitMq::shared();
    LoopThread loop;
};

class AmqpReplyModes : public AmqpTransports,
                       public testing::WithParamInterface<transport::ReplyMode> {};

std::string name_of(transport::ReplyMode mode) {
    switch (mode) {
    case transport::ReplyMode::exclusive:
        return "Exclusive";
    case transport::ReplyMode::direct:
        return "Direct";
    case transport::ReplyMode::durable:
        return "Durable";
    }
    return {};
}

TEST_P(AmqpReplyModes, AnswersEveryRequestOnceAndConfirmsIt) {
    EchoServer server{loop, broker.uri(), plain_queue("modes", 16)};
    ASSERT_TRUE(server.await_consuming());
    Caller caller{loop, broker.uri(), {.reply_mode = GetParam()}};
    ASSERT_TRUE(caller.await_ready());
    std::vector<std::uint64_t> tokens;
    loop.run([&] {
        for (std::uint64_t token = 1; token <= 500; ++token) {
            caller.send(token, "", "modes", std::to_string(token));
        }
    });
    for (std::uint64_t token = 1; token <= 500; ++token) {
        ASSERT_TRUE(caller.await_reply(token));
        ASSERT_TRUE(caller.await([&] { return caller.outcomes_[token].heard == 1; }));
        const Outcome outcome = caller.outcome(token);
        EXPECT_EQ(outcome.reply, std::to_string(token));
        EXPECT_EQ(outcome.replies, 1);
        EXPECT_TRUE(outcome.accepted);
    }
    // All is acknowledged: nothing waits in the broker.
    const auto settled = [&] {
        const RabbitMq::QueueDepth depth = broker.queue_depth("modes");
        return depth.ready == 0 && depth.unacknowledged == 0;
    };
    EXPECT_TRUE(eventually(settled));
}

INSTANTIATE_TEST_SUITE_P(All, AmqpReplyModes,
                         testing::Values(transport::ReplyMode::exclusive,
                                         transport::ReplyMode::direct,
                                         transport::ReplyMode::durable),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_F(AmqpTransports, SplitsABodyOfManyFramesBothWays) {
    EchoServer server{loop, broker.uri(), plain_queue("large")};
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    std::string body(std::size_t{5} << 20, 'x');
    for (std::size_t index = 0; index < body.size(); index += 997) {
        body[index] = static_cast<char>('a' + index % 26);
    }
    const std::uint64_t token = caller.call("", "large", body);
    ASSERT_TRUE(caller.await_reply(token));
    EXPECT_TRUE(caller.outcome(token).reply == body);
}

TEST_F(AmqpTransports, SaysAtOnceThatNobodyServesAndTellsReturnsApart) {
    EchoServer server{loop, broker.uri(), plain_queue("served")};
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    loop.run([&] {
        for (std::uint64_t token = 1; token <= 200; ++token) {
            caller.send(token, "", token % 2 == 0 ? "served" : "nobody", "?");
        }
    });
    for (std::uint64_t token = 1; token <= 200; ++token) {
        if (token % 2 == 0) {
            ASSERT_TRUE(caller.await_reply(token));
        } else {
            ASSERT_TRUE(caller.await_failure(token));
            EXPECT_EQ(caller.outcome(token).failure->code, Code::no_responder);
            EXPECT_EQ(caller.outcome(token).failure->peer_text, "NO_ROUTE");
        }
        ASSERT_TRUE(caller.await([&] { return caller.outcomes_[token].heard == 1; }));
    }
}

TEST_F(AmqpTransports, AMissingExchangeFailsItsOwnRequestsAndComesBack) {
    EchoServer other{loop, broker.uri(), plain_queue("other")};
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(other.await_consuming());
    ASSERT_TRUE(caller.await_ready());

    const std::optional<Failure> refused = caller.bind("late_ex");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Code::no_responder) << to_string(*refused);
    EXPECT_NE(refused->message.find("late_ex"), std::string::npos);

    const std::uint64_t lost = caller.call("late_ex", "late", "1");
    ASSERT_TRUE(caller.await_failure(lost));
    EXPECT_EQ(caller.outcome(lost).failure->code, Code::no_responder);

    EchoServer late{loop, broker.uri(), queue_behind("late_ex", "late")};
    late.reply_exchange = "late_ex";
    ASSERT_TRUE(late.await_consuming());
    EXPECT_FALSE(caller.bind("late_ex"));
    const std::uint64_t found = caller.call("late_ex", "late", "2");
    EXPECT_TRUE(caller.await_reply(found));
    const std::uint64_t beside = caller.call("", "other", "3");
    EXPECT_TRUE(caller.await_reply(beside));
    EXPECT_EQ(loop.run([&] { return caller.times_ready_; }), 1)
        << "replies did not depend on the closed channels";
}

TEST_F(AmqpTransports, AnExchangeMadeAnewGetsItsRepliesAgain) {
    auto server =
        std::make_unique<EchoServer>(loop, broker.uri(), queue_behind("again_ex", "again"));
    server->reply_exchange = "again_ex";
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server->await_consuming());
    ASSERT_TRUE(caller.await_ready());
    ASSERT_FALSE(caller.bind("again_ex"));
    ASSERT_TRUE(caller.await_reply(caller.call("again_ex", "again", "1")));
    server.reset();
    broker.evaluate("rabbit_exchange:delete(rabbit_misc:r(<<\"" + broker.vhost() +
                    "\">>, exchange, <<\"again_ex\">>), false, <<\"test\">>)");
    const std::uint64_t gone = caller.call("again_ex", "again", "2");
    ASSERT_TRUE(caller.await_failure(gone));
    EXPECT_EQ(caller.outcome(gone).failure->code, Code::no_responder);

    server = std::make_unique<EchoServer>(loop, broker.uri(), queue_behind("again_ex", "again"));
    server->reply_exchange = "again_ex";
    ASSERT_TRUE(server->await_consuming());
    // The first request finds the binding broken and has it made anew; a later one goes through.
    EXPECT_TRUE(eventually([&] {
        const std::uint64_t token = caller.call("again_ex", "again", "3");
        EXPECT_TRUE(caller.await(
            [&] { return caller.outcomes_[token].failure || caller.outcomes_[token].reply; }));
        const auto outcome = caller.outcome(token);
        EXPECT_TRUE(outcome.reply || outcome.failure->code == Code::no_responder);
        return outcome.reply.has_value();
    }));
}

TEST_F(AmqpTransports, GivesBackWhatComesWhileItStops) {
    EchoServer server{loop, broker.uri(), plain_queue("stopping", 2)};
    server.holds = true;
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    for (int count = 0; count < 6; ++count) {
        caller.call("", "stopping", "x");
    }
    ASSERT_TRUE(server.await([&] { return server.held_.size() == 2; }));
    loop.run([&] {
        server.transport().stop_consuming();
        server.transport().requeue(server.held_[0]);
    });
    ASSERT_TRUE(server.await([&] { return server.stopped_; }));
    EXPECT_EQ(server.held_.size(), 2U);
    // What was delivered can be settled still.
    EXPECT_EQ(loop.run([&] { return server.transport().settle(server.held_[1], nullptr); }),
              runtime::Settlement::sent);
    EXPECT_TRUE(eventually([&] {
        const RabbitMq::QueueDepth depth = broker.queue_depth("stopping");
        return depth.ready == 5 && depth.unacknowledged == 0 && depth.consumers == 0;
    }));
}

TEST_F(AmqpTransports, ConsumesAgainWhenTheQueueIsDeletedUnderIt) {
    RecordingLog log;
    EchoServer server{loop, broker.uri(), plain_queue("deleted"), &log};
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    broker.evaluate("{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"" + broker.vhost() +
                    "\">>, queue, <<\"deleted\">>)), "
                    "rabbit_amqqueue:delete(Q, false, false, <<\"test\">>)");
    ASSERT_TRUE(log.await_line("'deleted'"));
    std::uint64_t token = 0;
    // Until the queue is there again nobody serves.
    do {
        token = caller.call("", "deleted", "x");
        ASSERT_TRUE(caller.await(
            [&] { return caller.outcomes_[token].failure || caller.outcomes_[token].reply; }));
    } while (!caller.outcome(token).reply);
    EXPECT_EQ(caller.outcome(token).reply, "x");
}

TEST_F(AmqpTransports, AReplyThroughAMissingExchangeNeitherStopsNorLoopsTheServer) {
    EchoServer server{loop, broker.uri(), plain_queue("nowhere")};
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    loop.run([&] { server.reply_exchange = "no_such_exchange"; });
    caller.call("", "nowhere", "x");
    // The channel closes once; the redelivery's reply is dropped, and it is acknowledged.
    ASSERT_TRUE(server.await_consuming(2));
    ASSERT_TRUE(server.await([&] { return server.deliveries_ == 2; }));
    loop.run([&] { server.reply_exchange.clear(); });
    EXPECT_TRUE(caller.await_reply(caller.call("", "nowhere", "y")));
    EXPECT_EQ(loop.run([&] { return server.generation_; }), 2U);
    EXPECT_EQ(loop.run([&] { return server.lost_.size(); }), 1U);
}

TEST_F(AmqpTransports, OnAChannelOfItsOwnAReplyIsConfirmedBeforeItsRequestIsAcknowledged) {
    transport::AmqpServerOptions options = plain_queue("confirmed");
    options.topology.replies_on = protocol::RepliesOn::own_channel;
    EchoServer server{loop, broker.uri(), std::move(options)};
    server.holds = true;
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    const std::uint64_t token = caller.call("", "confirmed", "x");
    ASSERT_TRUE(server.await([&] { return !server.held_.empty(); }));
    server.acknowledges = false;
    const std::string address = loop.run([&] { return caller.reply_address_; });
    const std::string correlation_id = std::to_string(token);
    EXPECT_EQ(loop.run([&] {
        const protocol::MessageView reply{.routing_key = address, .correlation_id = correlation_id};
        return server.transport().settle(server.held_[0], &reply);
    }),
              runtime::Settlement::on_trial);
    ASSERT_TRUE(caller.await_reply(token));
    ASSERT_TRUE(server.await([&] { return !server.refused_.empty(); }));
    EXPECT_EQ(server.refused_[0].message, "") << "the broker has it";
    EXPECT_EQ(broker.queue_depth("confirmed").unacknowledged, 1U);
    loop.run([&] { server.transport().settle(server.held_[0], nullptr); });
    EXPECT_TRUE(eventually([&] { return broker.queue_depth("confirmed").unacknowledged == 0; }));
}

TEST_F(AmqpTransports, SeveralServersShareOneConnection) {
    // One of the test before may still be closing.
    ASSERT_TRUE(eventually([&] { return broker.close_all_connections("earlier ones") == 0; }));
    auto link = make_link(loop, broker.uri());
    EchoServer first{loop, link, plain_queue("shared_1")};
    EchoServer second{loop, link, plain_queue("shared_2")};
    link.reset();  // the servers' ports let it go, on the loop's thread
    Caller caller{loop, broker.uri()};
    ASSERT_TRUE(first.await_consuming());
    ASSERT_TRUE(second.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    EXPECT_TRUE(caller.await_reply(caller.call("", "shared_1", "x")));
    EXPECT_TRUE(caller.await_reply(caller.call("", "shared_2", "x")));
    EXPECT_EQ(broker.close_all_connections("one of them"), 2U);
    EXPECT_TRUE(first.await_consuming(2));
    EXPECT_TRUE(second.await_consuming(2));
}

TEST_P(AmqpReplyModes, NobodyIsDeafAfterTheBrokerClosedEveryConnectionUnderLoad) {
    EchoServer server{loop, broker.uri(), plain_queue("load", 32)};
    ASSERT_TRUE(server.await_consuming());
    Caller caller{loop, broker.uri(), {.reply_mode = GetParam()}};
    ASSERT_TRUE(caller.await_ready());
    Load load{loop, caller, "load", 64};
    for (int round = 0; round < 5; ++round) {
        ASSERT_TRUE(load.await_more(200)) << "round " << round;
        EXPECT_GE(broker.close_all_connections("a test"), 1U);
    }
    EXPECT_TRUE(load.await_more(500));
}

TEST_F(AmqpTransports, ClosesInOrder) {
    const auto link = make_link(loop, broker.uri());
    EchoServer server{loop, link, plain_queue("closing")};
    ASSERT_TRUE(server.await_consuming());
    std::promise<void> closed;
    loop.run([&] { link->close([&] { closed.set_value(); }); });
    EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds{60}), std::future_status::ready);
    EXPECT_FALSE(loop.run([&] { return link->up(); }));
}

}  // namespace
}  // namespace warren::test
