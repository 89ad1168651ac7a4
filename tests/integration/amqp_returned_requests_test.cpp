#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>

namespace warren::test {
namespace {

using namespace std::chrono_literals;

/// A server of one queue that handles one request at a time, as long as it is told to.
struct Busy {
    Busy(const std::string& protocol, const std::string& name, ListenerQueue queue) {
        server.method("hold", [this](const Context&) {
            begun.set_value();
            over.get_future().wait();
        });
        ListenerOptions listener{.url = RabbitMq::shared().uri(),
                                 .protocol = protocol,
                                 .max_simultaneous_requests = 1,
                                 .queue = std::move(queue)};
        (protocol == "callme" ? listener.callme.server_id : listener.queue.name) = name;
        listener.queue.return_dropped = true;
        server.listen(listener);
        server.on_ready([this] { ready.set_value(); });
        server.start();
        ready.get_future().wait();
    }

    std::promise<void> ready;
    std::promise<void> begun;
    std::promise<void> over;
    Server server;
};

std::string address(const std::string& protocol, const std::string& name,
                    const std::string& more = "") {
    return RabbitMq::shared().uri() + "?protocol=" + protocol +
           (protocol == "callme" ? "&server_id=" : "&queue=") + name + "&return_dropped=true" +
           more;
}

std::expected<Dynamic, Failure> outcome_of(Client& client, std::chrono::milliseconds timeout) {
    std::promise<std::expected<Dynamic, Failure>> outcome;
    client.start_call("hold", Dynamic::map({}),
                      [&](auto reply) { outcome.set_value(std::move(reply)); },
                      {.timeout = timeout});
    return outcome.get_future().get();
}

/// A time that is over soon, and still leaves the way back enough of it.
constexpr auto short_time = 2s;

TEST(AmqpReturnedRequests, WhatWaitsBehindASlowHandlerIsNotMistakenForOne) {
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        const std::string name = "busy_" + protocol;
        Busy busy{
            protocol, name, {.durable = protocol == "callme" ? std::nullopt : std::optional{true}}};
        Client client{address(protocol, name)};
        std::promise<std::expected<Dynamic, Failure>> held;
        client.start_call("hold", Dynamic::map({}),
                          [&](auto reply) { held.set_value(std::move(reply)); });
        busy.begun.get_future().wait();
        const auto waited = outcome_of(client, short_time);
        ASSERT_FALSE(waited);
        EXPECT_EQ(waited.error().code, Code::expired_in_queue) << to_string(waited.error());
        EXPECT_TRUE(waited.error().message.contains("came back")) << waited.error().message;
        busy.over.set_value();
        const auto reply = held.get_future().get();
        EXPECT_TRUE(reply) << protocol << ": " << to_string(reply.error());
        busy.server.stop();
    }
}

TEST(AmqpReturnedRequests, SoIsItWithoutAServerInEveryQueueAndToEachReplyQueue) {
    for (const bool is_quorum : {false, true}) {
        const std::string name = is_quorum ? "returning_quorum" : "returning_classic";
        const ListenerQueue queue{.durable = true,
                                  .type = is_quorum ? QueueType::quorum : QueueType::classic};
        Busy{"cyberfusion", name, queue}.server.stop();
        for (const char* const mode : {"", "&reply=durable", "&reply=durable&reply_queue=kept"}) {
            Client client{address("cyberfusion", name, mode), {.when_absent = WhenAbsent::wait}};
            const auto waited = outcome_of(client, short_time);
            ASSERT_FALSE(waited);
            EXPECT_EQ(waited.error().code, Code::expired_in_queue) << to_string(waited.error());
            EXPECT_TRUE(waited.error().message.contains("'" + name + "'"))
                << waited.error().message;
        }
    }
    // The dead letters of a quorum queue are still kept.
    EXPECT_TRUE(eventually(
        [] { return RabbitMq::shared().queue_depth("returning_quorum.dead-letter").ready == 3; }));
}

TEST(AmqpReturnedRequests, APolicyDoesForQueuesThatAreNotOurs) {
    RabbitMq& broker = RabbitMq::shared();
    broker.evaluate("rabbit_policy:set(<<\"" + broker.vhost() +
                    "\">>, <<\"returns\">>, <<\"^theirs$\">>, [{<<\"dead-letter-exchange\">>, "
                    "<<\"warren.returned\">>}], 0, <<\"queues\">>, <<\"test\">>).");
    LoopThread loop;
    EchoServer server{loop, broker.uri(), plain_queue("theirs", 1)};
    server.holds = true;
    ASSERT_TRUE(server.await_consuming());
    Client client{address("tutorial", "theirs", "&method=hold")};
    std::promise<std::expected<Dynamic, Failure>> held;
    client.start_call("hold", Dynamic::map({}),
                      [&](auto reply) { held.set_value(std::move(reply)); }, {.timeout = 60s});
    ASSERT_TRUE(server.await([&] { return server.held_.size() == 1; }));
    const auto waited = outcome_of(client, short_time);
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, Code::expired_in_queue) << to_string(waited.error());
    client.close();
    EXPECT_EQ(held.get_future().get().error().code, Code::cancelled);
}

TEST(AmqpReturnedRequests, WhoMayNotBindIsToldSo) {
    RabbitMq& broker = RabbitMq::shared();
    broker.add_user({"unbound", "secret"}, {.configure = "amq.*", .write = ".*", .read = "amq.*"});
    Client client{broker.uri({"unbound", "secret"}) + "?queue=theirs&return_dropped=true"};
    try {
        client.call("hold", Dynamic::map({}), {.timeout = 60s});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::unauthenticated) << error.what();
        EXPECT_TRUE(error.message().contains("warren.returned")) << error.what();
    }
}

}  // namespace
}  // namespace warren::test
