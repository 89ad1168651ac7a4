#include <warren/client.hpp>
#include <warren/server.hpp>

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
    server.listen({.url = "memory:server_test_missing", .methods = {"nowhere"}});
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
    EXPECT_THROW(server.listen({.url = "memory:a", .fernet_keys = {"no key"}}), Error);
    EXPECT_THROW(server.listen({.url = "memory:a", .max_simultaneous_requests = 0}), Error);
    EXPECT_THROW(server.listen({.url = "memory:a?queue=b", .queue = {.name = "c"}}), Error);
}

/// What a server says to a listener beside this one; empty: it takes it.
std::string refusal_beside(const ListenerOptions& one, const ListenerOptions& other) {
    Server server;
    server.listen(one);
    try {
        server.listen(other);
        return {};
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        return error.message();
    }
}

TEST(Server, ListenersAtOneQueueServeTheSame) {
    const auto at = [](std::string url, std::string queue, std::vector<std::string> methods,
                       std::string protocol = "cyberfusion") {
        return ListenerOptions{.url = std::move(url),
                               .protocol = std::move(protocol),
                               .methods = std::move(methods),
                               .queue = {.name = std::move(queue)}};
    };
    const ListenerOptions first = at("amqp://localhost/", "q", {"a"});
    for (const ListenerOptions& bad :
         {at("amqp://localhost/", "q", {"b"}), at("amqp://127.0.0.1:5672/", "q", {"b"}),
          at("amqp://user:secret@[::1]/", "q", {}), at("amqp://localhost/", "q", {"a", "b"}),
          at("amqp://localhost/", "q", {"a"}, "tutorial")}) {
        const std::string refusal = refusal_beside(first, bad);
        EXPECT_NE(refusal.find("'q'"), std::string::npos) << bad.url << ": " << refusal;
        EXPECT_EQ(refusal.find("secret"), std::string::npos);
    }
    for (const ListenerOptions& good :
         {first, at("amqp://localhost/", "other", {"b"}), at("amqp://localhost/vhost", "q", {"b"}),
          at("amqp://localhost:5673/", "q", {"b"}), at("amqp://elsewhere/", "q", {"b"}),
          at("memory:q", "q", {"b"})}) {
        EXPECT_EQ(refusal_beside(first, good), "") << good.url;
    }
    EXPECT_NE(refusal_beside(at("memory:hub", "q", {"a"}), at("memory:hub", "q", {"b"})), "");
    EXPECT_NE(refusal_beside({.url = "amqp://localhost/?protocol=callme&server_id=s"},
                             at("amqp://localhost/", "server_s_queue", {"a"})),
              "");
}

TEST(Server, AProxyHasItsQueueForItself) {
    Server server;
    server.listen({.url = "amqp://localhost/", .methods = {"a"}, .queue = {.name = "q"}});
    EXPECT_THROW(
        server.forward({.url = "amqp://localhost/", .methods = {"a"}, .queue = {.name = "q"}},
                       {.to = "tcp://localhost:1"}),
        Error);
    server.forward({.url = "amqp://localhost/", .methods = {"a"}, .queue = {.name = "p"}},
                   {.to = "tcp://localhost:1"});
}

TEST(Server, ExchangesGiveEachRequestToOneQueue) {
    const auto refusal = [](const std::string& type, Dynamic arguments = {}) -> std::string {
        Server server;
        ListenerExchange exchange{.name = "a", .type = type};
        exchange.arguments = std::move(arguments);
        try {
            server.listen(
                {.url = "amqp://localhost/", .queue = {.name = "q", .exchanges = {exchange}}});
            return {};
        } catch (const Error& error) {
            return error.message();
        }
    };
    EXPECT_EQ(refusal("direct"), "");
    EXPECT_EQ(refusal("topic"), "");
    EXPECT_EQ(refusal("x-delayed-message", Dynamic::map({{"x-delayed-type", "direct"}})), "");
    for (const char* const type : {"fanout", "headers", "x-consistent-hash", "x-random"}) {
        EXPECT_NE(refusal(type).find("calls need direct or topic"), std::string::npos) << type;
    }
    EXPECT_NE(refusal("x-delayed-message"), "");
    EXPECT_NE(refusal("x-delayed-message", Dynamic::map({{"x-delayed-type", "fanout"}})), "");
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
    std::promise<std::expected<Dynamic, Failure>> response;
    client.start_call("slow", Dynamic::map({}),
                      [&response](auto result) { response.set_value(std::move(result)); });
    entered.get_future().wait();
    EXPECT_FALSE(server.drain(1ms));
    may_return.set_value();
    EXPECT_TRUE(server.drain(10s));
    const auto result = response.get_future().get();
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
