#include "transport/memory/client_transport.hpp"
#include "transport/memory/server_transport.hpp"
#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Each transport against what transports.hpp promises of it. What happens is written down in one
// word each.
namespace warren::transport {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;
using Kind = Fault::Kind;

class Server final : public runtime::ServerSink {
public:
    explicit Server(Words& words) : words_{words} {}

    void on_delivery(runtime::DeliveryId delivery, const protocol::MessageView& message) override {
        words_.push_back((message.redelivered ? "redelivery " : "delivery ") +
                         std::string{protocol::text_of(message.body)});
        last = delivery;
    }
    void on_consuming(std::uint64_t generation) override {
        words_.push_back("consuming " + std::to_string(generation));
    }
    void on_lost(std::uint64_t generation, const Failure&) override {
        words_.push_back("lost " + std::to_string(generation));
    }
    void on_stopped() override { words_.emplace_back("stopped"); }
    void on_control(const protocol::MessageView& message) override {
        words_.push_back("control " + std::string{message.type});
    }

    runtime::DeliveryId last{};

private:
    Words& words_;
};

class Client final : public runtime::ClientSink {
public:
    explicit Client(Words& words) : words_{words} {}

    void on_ready(std::string_view reply_address) override {
        words_.emplace_back("ready");
        reply_to = reply_address;
    }
    void on_reply(const protocol::MessageView& reply) override {
        words_.push_back("reply " + std::string{protocol::text_of(reply.body)});
    }
    void on_accepted(std::uint64_t token) override { say("accepted", token); }
    void on_returned(std::uint64_t token, const Failure& why) override {
        EXPECT_EQ(why.code, Code::no_responder);
        say("returned", token);
    }
    void on_refused(std::uint64_t token, const Failure& why) override {
        EXPECT_EQ(why.code, Code::no_responder);
        say("refused", token);
    }
    void on_dropped(std::uint64_t) override {}
    void on_bound(std::uint64_t token, const Failure* refused) override {
        say(refused == nullptr ? "bound" : "unbound", token);
    }
    void on_lost(const Failure&, runtime::RepliesSurvive replies) override {
        words_.emplace_back(replies == runtime::RepliesSurvive::yes ? "lost, replies survive"
                                                                    : "lost");
    }
    void on_failed(const Failure&) override { words_.emplace_back("failed"); }
    void on_blocked(std::string_view) override { words_.emplace_back("blocked"); }
    void on_unblocked() override { words_.emplace_back("unblocked"); }

    std::string reply_to;

private:
    void say(std::string_view what, std::uint64_t token) {
        words_.push_back(std::string{what} + ' ' + std::to_string(token));
    }

    Words& words_;
};

class Ports : public testing::Test {
protected:
    void start_server() {
        server_port->start(server);
        executor.run_until_idle();
    }
    void start_client(MemoryClientTransport& transport) {
        transport.start(client);
        executor.run_until_idle();
    }
    Words take_words() {
        executor.run_until_idle();
        return std::exchange(words, {});
    }
    static protocol::MessageView message(std::string_view routing_key, std::string_view body) {
        return {.routing_key = routing_key, .body = protocol::bytes_of(body)};
    }

    VirtualExecutor executor;
    MemoryBroker broker{executor};
    Words words;
    Server server{words};
    Client client{words};
    const std::shared_ptr<MemoryServerTransport> server_port = make_memory_server_transport(
        broker, {.topology = {.queues = {{.name = "queue"}}}, .queue = "queue", .prefetch = 2});
    const std::shared_ptr<MemoryClientTransport> client_port = make_memory_client_transport(broker);
};

TEST_F(Ports, ARequestGoesThereAndItsReplyBack) {
    start_server();
    start_client(*client_port);
    EXPECT_EQ(take_words(), (Words{"consuming 1", "ready"}));
    client_port->publish(7, message("queue", "request"));
    EXPECT_TRUE(words.empty()) << "nothing is called inside of publish";
    EXPECT_EQ(take_words(), (Words{"delivery request", "accepted 7"}));
    const protocol::MessageView reply = message(client.reply_to, "reply");
    EXPECT_EQ(server_port->settle(server.last, &reply), runtime::Settlement::sent);
    EXPECT_EQ(take_words(), Words{"reply reply"});
    EXPECT_EQ(broker.outstanding("queue"), 0U);
}

TEST_F(Ports, ARequestThatNobodyTakesIsReturned) {
    start_client(*client_port);
    take_words();
    client_port->publish(1, message("queue", "request"));
    EXPECT_EQ(take_words(), Words{"returned 1"});
}

TEST_F(Ports, WithoutAConnectionARequestIsRefused) {
    start_client(*client_port);
    client_port->close({.message = "cut"});
    take_words();
    client_port->publish(1, message("queue", "request"));
    EXPECT_EQ(take_words(), Words{"refused 1"});
    executor.advance(1s);
    EXPECT_EQ(take_words(), Words{"ready"});
}

TEST_F(Ports, ARequestOnALostConnectionIsNeverHeardOf) {
    start_server();
    start_client(*client_port);
    take_words();
    client_port->publish(1, message("queue", "request"));
    client_port->close({.message = "cut"});
    EXPECT_EQ(take_words(), Words{"lost"});
    EXPECT_EQ(broker.ready("queue") + broker.outstanding("queue"), 0U);
}

TEST_F(Ports, ADeliveryThatIsNotSettledComesAgain) {
    start_server();
    start_client(*client_port);
    client_port->publish(1, message("queue", "request"));
    take_words();
    const runtime::DeliveryId old = server.last;
    server_port->close({.message = "cut"});
    EXPECT_EQ(server_port->settle(old, nullptr), runtime::Settlement::not_connected);
    executor.advance(1s);
    EXPECT_EQ(take_words(), (Words{"lost 1", "consuming 2", "redelivery request"}));
    const protocol::MessageView reply = message(client.reply_to, "late");
    EXPECT_EQ(server_port->settle(old, &reply), runtime::Settlement::sent)
        << "of an earlier generation the reply alone";
    EXPECT_EQ(take_words(), Words{"reply late"});
    EXPECT_EQ(broker.outstanding("queue"), 1U);
    server_port->requeue(server.last);
    EXPECT_EQ(take_words(), Words{"redelivery request"});
}

TEST_F(Ports, AStoppedServerTakesNothingMore) {
    start_server();
    start_client(*client_port);
    client_port->publish(1, message("queue", "a"));
    take_words();
    server_port->stop_consuming();
    EXPECT_EQ(take_words(), Words{"stopped"});
    client_port->publish(2, message("queue", "b"));
    EXPECT_EQ(take_words(), Words{"accepted 2"});
    EXPECT_EQ(server_port->settle(server.last, nullptr), runtime::Settlement::sent);
    take_words();
    EXPECT_EQ(broker.outstanding("queue"), 0U);
    EXPECT_EQ(broker.ready("queue"), 1U);
}

TEST_F(Ports, AServerTriesAgainWhatTheBrokerRefuses) {
    protocol::Topology other{.queues = {{.name = "queue", .durable = true}}};
    ASSERT_TRUE(broker.declare(other, nullptr));
    start_server();
    EXPECT_EQ(take_words(), Words{"lost 1"});
    broker.delete_queue("queue");
    executor.advance(100ms);
    EXPECT_EQ(take_words(), Words{"consuming 2"});
}

TEST_F(Ports, ADeletedQueueIsDeclaredAgain) {
    start_server();
    take_words();
    broker.delete_queue("queue");
    executor.advance(1s);
    EXPECT_EQ(take_words(), (Words{"lost 1", "consuming 2"}));
    EXPECT_TRUE(broker.has_queue("queue"));
}

TEST_F(Ports, BindingsComeBackBeforeTheClientIsReady) {
    protocol::Topology topology{.exchanges = {{.name = "exchange"}}};
    ASSERT_TRUE(broker.declare(topology, nullptr));
    start_client(*client_port);
    take_words();
    client_port->bind_replies(1, {{.exchange = "exchange", .routing_key_is_queue = true}});
    client_port->bind_replies(2, {{.exchange = "none", .routing_key_is_queue = true}});
    EXPECT_EQ(take_words(), (Words{"bound 1", "unbound 2"}));
    client_port->close({.message = "cut"});
    client_port->bind_replies(3, {{.exchange = "exchange", .routing_key_is_queue = true}});
    executor.advance(1s);
    EXPECT_EQ(take_words(), (Words{"lost", "bound 3", "ready"}));
    broker.publish({.exchange = "exchange",
                    .routing_key = client.reply_to,
                    .body = protocol::bytes_of("reply")});
    EXPECT_EQ(take_words(), Words{"reply reply"});
}

TEST_F(Ports, ADurableReplyQueueKeepsReplies) {
    const auto durable =
        make_memory_client_transport(broker, {.replies = runtime::RepliesSurvive::yes});
    start_client(*durable);
    const std::string address = client.reply_to;
    durable->close({.message = "cut"});
    broker.publish(message(address, "meanwhile"));
    executor.advance(1s);
    EXPECT_EQ(take_words(), (Words{"ready", "lost, replies survive", "ready", "reply meanwhile"}));
    EXPECT_EQ(client.reply_to, address);
}

TEST_F(Ports, ABlockedBrokerHoldsRequests) {
    start_server();
    start_client(*client_port);
    take_words();
    broker.faults().on(Hop::publish, {.kind = Kind::block});
    client_port->publish(1, message("queue", "a"));
    EXPECT_EQ(take_words(), (Words{"delivery a", "accepted 1", "blocked"}));
    client_port->publish(2, message("queue", "b"));
    EXPECT_TRUE(take_words().empty());
    broker.set_blocked(false);
    EXPECT_EQ(take_words(), (Words{"unblocked", "delivery b", "accepted 2"}));
}

TEST_F(Ports, WhatIsSaidBesideRequestsReachesEachServerOfTheQueue) {
    const MemoryServerOptions options{.topology = {.queues = {{.name = "queue"}}},
                                      .queue = "queue",
                                      .control_key = "control.queue"};
    const auto one = make_memory_server_transport(broker, options);
    const auto other = make_memory_server_transport(broker, options);
    one->start(server);
    other->start(server);
    start_server();
    start_client(*client_port);
    take_words();
    const protocol::MessageView control{
        .exchange = "amq.direct", .routing_key = "control.queue", .type = "a"};
    client_port->send_control(control);
    EXPECT_TRUE(words.empty()) << "nothing is called inside of send_control";
    EXPECT_EQ(take_words(), (Words{"control a", "control a"}));
    client_port->send_control({.exchange = "amq.direct", .routing_key = "control.other"});
    EXPECT_TRUE(take_words().empty());
    one->close({.message = "cut"});
    client_port->send_control(control);
    EXPECT_EQ(take_words(), (Words{"lost 1", "control a"}));
    executor.advance(1s);
    take_words();
    client_port->send_control(control);
    EXPECT_EQ(take_words(), (Words{"control a", "control a"})) << "it is there again";
    client_port->close({.message = "cut"});
    take_words();
    client_port->send_control(control);
    EXPECT_TRUE(take_words().empty());
}

TEST_F(Ports, EachFaultDoesAsItSays) {
    struct Case {
        Kind kind;
        Words words;
    };
    const std::vector<Case> cases{
        {Kind::drop, {"accepted 1"}},
        {Kind::delay, {"accepted 1", "delivery a"}},
        {Kind::duplicate, {"delivery a", "delivery a", "accepted 1"}},
        {Kind::redeliver, {"delivery a", "lost 1", "accepted 1", "consuming 2", "redelivery a"}},
        {Kind::close_before, {"lost 1", "accepted 1", "consuming 2", "redelivery a"}},
        {Kind::close_after, {"delivery a", "lost 1", "accepted 1", "consuming 2", "redelivery a"}},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(static_cast<int>(each.kind));
        VirtualExecutor own_executor;
        MemoryBroker own_broker{own_executor};
        Words own_words;
        Server own_server{own_words};
        Client own_client{own_words};
        const auto to_server = make_memory_server_transport(
            own_broker, {.topology = {.queues = {{.name = "queue"}}}, .queue = "queue"});
        const auto to_client = make_memory_client_transport(own_broker);
        to_server->start(own_server);
        to_client->start(own_client);
        own_executor.run_until_idle();
        own_words.clear();
        own_broker.faults().on(Hop::deliver, {.kind = each.kind, .delay = 50ms});
        to_client->publish(1, message("queue", "a"));
        own_executor.advance(1s);
        EXPECT_EQ(own_words, each.words);
    }
}

TEST_F(Ports, ADestroyedPortIsSilent) {
    start_server();
    {
        const auto gone = make_memory_client_transport(broker);
        start_client(*gone);
        take_words();
        gone->publish(1, message("queue", "a"));
    }
    EXPECT_TRUE(take_words().empty());
}

}  // namespace
}  // namespace warren::transport
