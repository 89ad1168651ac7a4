#include <warren/server.hpp>

#include <warren/client.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stop_token>
#include <thread>

namespace warren {
namespace {

using namespace std::chrono_literals;

TEST(Server, ServesClientsInItsOwnProcess) {
    Server server;
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    server.listen("memory:server_test_add");
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
    EXPECT_EQ(server.listeners(),
              std::vector<std::string>{"memory:server_test_add queue=server_test_add methods=1"});
    Client client{"memory:server_test_add"};
    EXPECT_EQ(client.call("add", Dynamic::map({{"a", 1}, {"b", 2}})), Dynamic{3});
    server.stop();
}

TEST(Server, RefusesToServeWhatNobodyRegistered) {
    Server server;
    server.listen(ListenerOptions{.url = "memory:server_test_missing", .methods = {"nowhere"}});
    try {
        server.start();
        FAIL() << "it started";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::no_such_method);
        EXPECT_NE(error.message().find("'nowhere'"), std::string::npos) << error.message();
    }
}

TEST(Server, RefusesAListenerThatCannotBe) {
    Server server;
    EXPECT_THROW(server.listen("amqp://localhost/"), Error);  // no queue
    EXPECT_THROW(server.listen(ListenerOptions{.url = "memory:a", .fernet_keys = {"no key"}}),
                 Error);
    EXPECT_THROW(server.listen(ListenerOptions{.url = "memory:a", .max_simultaneous_requests = 0}),
                 Error);
    EXPECT_THROW(server.listen(ListenerOptions{.url = "memory:a?queue=b", .queue = "c"}), Error);
}

TEST(Server, DrainFinishesWhatRunsAndAnswersIt) {
    std::promise<void> entered;
    std::promise<void> may_return;
    Server server;
    server.method("slow", [&] {
        entered.set_value();
        may_return.get_future().wait();
        return 7;
    });
    server.listen("memory:server_test_drain");
    server.start();
    Client client{"memory:server_test_drain"};
    std::promise<std::expected<Dynamic, Failure>> answer;
    client.start_call("slow", Dynamic::map({}),
                      [&answer](auto result) { answer.set_value(std::move(result)); });
    entered.get_future().wait();
    EXPECT_FALSE(server.drain(1ms));
    may_return.set_value();
    EXPECT_TRUE(server.drain(10s));
    const auto result = answer.get_future().get();
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, Dynamic{7});
}

TEST(Server, StoppingNowSetsTheStopTokenOfHandlers) {
    std::promise<void> entered;
    Server server;
    server.method("until_stopped", [&](Context& context) {
        entered.set_value();
        std::promise<void> stopped;
        const std::stop_callback on_stop{context.stop, [&stopped] { stopped.set_value(); }};
        stopped.get_future().wait();
    });
    server.listen("memory:server_test_stop");
    server.start();
    Client client{"memory:server_test_stop"};
    client.start_call("until_stopped", Dynamic::map({}), [](auto) {});
    entered.get_future().wait();
    EXPECT_FALSE(server.drain(1ms));
    EXPECT_TRUE(server.stop_now(10s));
}

}  // namespace
}  // namespace warren
