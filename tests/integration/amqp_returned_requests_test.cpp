#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

using Result = std::expected<Dynamic, Failure>;

std::future<Result> start(Client& client, std::chrono::milliseconds timeout) {
    auto promise = std::make_shared<std::promise<Result>>();
    client.start_call("hold", Dynamic::map({}),
                      [promise](auto outcome) { promise->set_value(std::move(outcome)); },
                      {.timeout = timeout});
    return promise->get_future();
}

/// A time that is over soon, and still leaves the way back enough of it.
constexpr auto short_time = 3s;

/// The call came back, and says from where.
void expect_expired(std::future<Result> call, const std::string& queue) {
    const Result outcome = call.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::expired_in_queue) << to_string(outcome.error());
    EXPECT_TRUE(outcome.error().message.contains(queue + "' at")) << outcome.error().message;
}

TEST(AmqpReturnedRequests, WhatWaitsBehindASlowHandlerIsNotMistakenForOne) {
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        const std::string name = "busy_" + protocol;
        const bool is_callme = protocol == "callme";
        Busy busy{protocol, name, {.durable = is_callme ? std::nullopt : std::optional{true}}};
        Client client{address(protocol, name)};
        auto held = start(client, 60s);
        busy.begun.get_future().wait();
        expect_expired(start(client, short_time), name + (is_callme ? "_queue" : ""));
        busy.over.set_value();
        const Result reply = held.get();
        EXPECT_TRUE(reply) << protocol << ": " << to_string(reply.error());
        busy.server.stop();
    }
}

TEST(AmqpReturnedRequests, SoIsItWithoutAServerInEveryQueueAndToEachReplyQueue) {
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<std::pair<std::string, std::future<Result>>> calls;
    for (const bool is_quorum : {false, true}) {
        const std::string name = is_quorum ? "returning_quorum" : "returning_classic";
        const ListenerQueue queue{.durable = true,
                                  .type = is_quorum ? QueueType::quorum : QueueType::classic};
        Busy{"cyberfusion", name, queue}.server.stop();
        const std::string kept = "&reply=durable&reply_queue=kept_" + name;
        for (const std::string& mode : {std::string{}, std::string{"&reply=durable"}, kept}) {
            clients.push_back(
                std::make_unique<Client>(address("cyberfusion", name, mode),
                                         ClientOptions{.when_absent = WhenAbsent::wait}));
            calls.emplace_back(name, start(*clients.back(), short_time));
        }
    }
    for (auto& [name, call] : calls) {
        expect_expired(std::move(call), name);
    }
    // The dead letters of a quorum queue are still kept.
    EXPECT_TRUE(eventually(
        [] { return RabbitMq::shared().queue_depth("returning_quorum.dead-letter").ready == 3; }));
}

TEST(AmqpReturnedRequests, APolicyDoesForQueuesThatAreNotOurs) {
    RabbitMq& broker = RabbitMq::shared();
    broker.evaluate("rabbit_policy:set(<<\"" + broker.vhost() +
                    "\">>, <<\"returns\">>, <<\"^theirs$\">>, [{<<\"dead-letter-exchange\">>, "
                    "<<\"warren.returned\">>}], 0, <<\"queues\">>, <<\"test\">>)");
    LoopThread loop;
    EchoServer server{loop, broker.uri(), plain_queue("theirs", 1)};
    server.holds = true;
    ASSERT_TRUE(server.await_consuming());
    Client client{address("tutorial", "theirs", "&method=hold")};
    auto held = start(client, 60s);
    ASSERT_TRUE(server.await([&] { return server.held_.size() == 1; }));
    expect_expired(start(client, short_time), "theirs");
    client.close();
    EXPECT_EQ(held.get().error().code, Code::cancelled);
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
