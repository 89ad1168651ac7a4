#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <future>

namespace warren::test {
namespace {

std::unique_ptr<Server> serving(const std::string& broker, std::promise<void>& ready) {
    auto server = std::make_unique<Server>();
    server->method("durable_echo", [](Dynamic value) { return value; }, {"value"});
    server->listen({.url = broker, .queue = {.name = "durable"}});
    server->on_ready([&ready] { ready.set_value(); });
    server->start();
    return server;
}

TEST(DurableReplies, ACallOutlivesARestartOfTheBroker) {
    RabbitMq broker;
    std::promise<void> first_ready;
    auto first = serving(broker.uri(), first_ready);
    first_ready.get_future().wait();
    first->stop();

    Client client{broker.uri() + "?queue=durable&reply=durable"};
    std::promise<std::expected<Dynamic, Failure>> outcome;
    client.start_call("durable_echo", Dynamic::map({{"value", 7}}),
                      [&outcome](auto reply) { outcome.set_value(std::move(reply)); });
    ASSERT_TRUE(eventually([&] { return broker.queue_depth("durable").ready == 1; }));
    broker.restart();

    std::promise<void> second_ready;
    auto second = serving(broker.uri(), second_ready);
    const auto reply = outcome.get_future().get();
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ(*reply, Dynamic{7});
    second->stop();
}

}  // namespace
}  // namespace warren::test
