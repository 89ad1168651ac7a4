#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/http_peer.hpp"
#include "support/served.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// Servers that take calls on, between clients and a server in the same process.
namespace proxy_test {

using namespace std::chrono_literals;
using namespace warren;
using test::address_of;
using test::failure_of;

std::string test_name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
}

class KeptLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard guard{mutex_};
        lines_ += std::string{line} + '\n';
    }
    bool contains(std::string_view part) const {
        const std::lock_guard guard{mutex_};
        return lines_.contains(part);
    }

private:
    mutable std::mutex mutex_;
    std::string lines_;
};

/// The server behind the proxies, over TCP and in memory.
class ProxyTest : public testing::Test {
protected:
    ProxyTest() {
        target.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
        target.method("say", [](std::string text) { return Reply<std::string>{text, "Said it"}; },
                      {"text"});
        target.method("refuse", [] { throw Error{"Out of onions", Dynamic::map({{"left", 0}})}; });
        target.method("attempt", [](Context& context) {
            std::string said;
            for (const std::string_view text :
                 {context.idempotency_key, context.traceparent, context.tracestate, context.baggage,
                  context.contract}) {
                said.append(text).append(" ");
            }
            return said + std::to_string(context.priority.value_or(0)) + " " +
                   std::to_string(context.deadline.has_value());
        });
        target.method("wait", [this](Context& context) {
            const std::stop_callback stopped{context.stop, [this] { given_up.count_down(); }};
            started.count_down();
            may_end.wait();
        });
        target.listen("tcp://127.0.0.1:0");
        target.listen("memory:" + test_name());
        target.start();
    }
    ~ProxyTest() override { end(); }

    /// Let the handler of "wait" end.
    void end() {
        if (!std::exchange(has_ended, true)) {
            may_end.count_down();
        }
    }

    std::string tcp() { return address_of(target); }
    std::string memory() { return "memory:" + test_name(); }

    std::latch started{1};  // the handler of "wait" runs
    std::latch may_end{1};  // and may end
    bool has_ended = false;
    std::latch given_up{1};  // its stop token was set
    Server target;
};

TEST_F(ProxyTest, TakesCallsFromAnyTransportToAny) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = memory(), .name = "to memory"});
    proxy.forward({.url = memory() + "_front", .methods = {"add", "say", "refuse", "missing"}},
                  {.to = tcp(), .name = "from memory"});
    proxy.start();
    EXPECT_EQ(proxy.listeners()[0], address_of(proxy) + " forwards to " + tcp());
    EXPECT_EQ(proxy.listeners()[2],
              memory() + "_front queue=" + test_name() + "_front forwards to " + tcp());
    for (const std::string& url :
         {address_of(proxy, 0), address_of(proxy, 1), memory() + "_front"}) {
        SCOPED_TRACE(url);
        Client client{url};
        EXPECT_EQ(client.call("add", Dynamic::map({{"a", 2}, {"b", 40}})), Dynamic{42});
        const Reply<Dynamic> reply =
            client.call_for_reply("say", Dynamic::map({{"text", "hello"}}));
        EXPECT_EQ(reply.message, "Said it");
        EXPECT_EQ(reply.data, Dynamic{"hello"});
        const Failure refused = failure_of([&] { client.call("refuse", Dynamic::map({})); });
        EXPECT_EQ(refused.code, Code::failed);
        EXPECT_EQ(refused.message, "Out of onions");
        EXPECT_EQ(refused.data, Dynamic::map({{"left", 0}}));
        const Failure invalid =
            failure_of([&] { client.call("add", Dynamic::map({{"a", "x"}, {"b", 1}})); });
        EXPECT_EQ(invalid.code, Code::invalid_request);
        ASSERT_EQ(invalid.errors.size(), 1U);
        EXPECT_EQ(to_string(invalid.errors[0].location), "a");
    }
    proxy.stop();
}

TEST_F(ProxyTest, PositionsKeysTracesAndDeadlinesGoAlong) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    proxy.start();
    Client client{address_of(proxy)};
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(client.call("add", Dynamic::list({1, 2})), Dynamic{3});
    EXPECT_EQ(client.call("attempt", Dynamic::map({}),
                          {.idempotency_key = "key",
                           .traceparent = trace,
                           .tracestate = "a=1",
                           .baggage = "b=2",
                           .contract = "c",
                           .priority = 3}),
              Dynamic{"key " + trace + " a=1 b=2 c 3 1"});
    EXPECT_EQ(failure_of([&] { client.call("missing", Dynamic::map({})); }).code,
              Code::no_such_method);
}

TEST_F(ProxyTest, OnlyTheMethodsThatAreNamedGoOn) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0", .methods = {"add"}}, {.to = tcp()});
    proxy.start();
    Client client{address_of(proxy)};
    EXPECT_EQ(client.call("add", Dynamic::list({1, 2})), Dynamic{3});
    const Failure failure = failure_of([&] { client.call("refuse", Dynamic::map({})); });
    EXPECT_EQ(failure.code, Code::no_such_method);
}

TEST_F(ProxyTest, AlsoServesMethodsOfItsOwn) {
    Server both;
    both.method("near", [] { return std::string{"here"}; });
    both.listen("tcp://127.0.0.1:0");
    both.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    both.start();
    EXPECT_EQ(Client{address_of(both, 0)}.call("near", Dynamic::map({})), Dynamic{"here"});
    EXPECT_EQ(Client{address_of(both, 1)}.call("add", Dynamic::list({1, 2})), Dynamic{3});
}

TEST_F(ProxyTest, WithRepliesDroppedItAnswersAPlainSuccessOrTheFailure) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp(), .replies = ForwardReplies::dropped});
    proxy.start();
    Client client{address_of(proxy)};
    const Reply<Dynamic> reply = client.call_for_reply("say", Dynamic::map({{"text", "hello"}}));
    EXPECT_EQ(reply.message, "OK");
    EXPECT_EQ(reply.data.value_or(Dynamic{}), Dynamic{});
    EXPECT_EQ(failure_of([&] { client.call("refuse", Dynamic::map({})); }).message,
              "Out of onions");
}

TEST_F(ProxyTest, OneWayItSucceedsWhenTheCallIsOnItsWay) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp(), .calls = ForwardCalls::one_way});
    proxy.start();
    Client client{address_of(proxy)};
    client.call("wait", Dynamic::map({}));
    started.wait();
    end();
}

TEST_F(ProxyTest, AOneWayCallGoesOnAsACallAndItsFailureIsTold) {
    const auto log = std::make_shared<KeptLog>();
    Server proxy{{.log = log}};
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    proxy.start();
    Client client{address_of(proxy)};
    client.notify("refuse", Dynamic::map({}));
    client.call("add", Dynamic::list({1, 2}));  // behind it on the same connections
    proxy.stop();
    EXPECT_TRUE(log->contains("a one-way call failed: failed: Out of onions"));
}

TEST_F(ProxyTest, ADeadTargetIsNamedInTime) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"},
                  {.to = "tcp://127.0.0.1:1", .client = {.connect_attempts = 2}});
    proxy.start();
    Client client{address_of(proxy)};
    const Failure failure = failure_of([&] { client.call("add", Dynamic::list({1, 2})); });
    EXPECT_EQ(failure.code, Code::no_responder);
    EXPECT_TRUE(failure.message.contains("127.0.0.1:1")) << failure.message;
}

TEST_F(ProxyTest, TheCallersDeadlineHoldsAndTheTargetIsAskedToStop) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    proxy.start();
    Client client{address_of(proxy)};
    const Failure failure =
        failure_of([&] { client.call("wait", Dynamic::map({}), {.timeout = 300ms}); });
    EXPECT_EQ(failure.code, Code::deadline_exceeded);
    given_up.wait();
    end();
}

TEST_F(ProxyTest, WithoutADeadlineTheClientsTimeOutHolds) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp(), .client = {.timeout = 50ms}});
    proxy.start();
    Client foreign{address_of(proxy) + "?peer=foreign"};  // says nothing of its time
    EXPECT_EQ(failure_of([&] { foreign.call("wait", Dynamic::list({})); }).code,
              Code::deadline_exceeded);
    end();
}

TEST_F(ProxyTest, DrainingWaitsForTheAnswerAndStoppingDoesNot) {
    Server proxy;
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp()});
    proxy.start();
    Client client{address_of(proxy)};
    std::promise<Code> outcome;
    client.start_call("wait", Dynamic::map({}), [&](std::expected<Dynamic, Failure> result) {
        outcome.set_value(result ? Code::internal : result.error().code);
    });
    started.wait();
    EXPECT_FALSE(proxy.drain(1ms));
    EXPECT_TRUE(proxy.stop_now(10s));
    EXPECT_EQ(outcome.get_future().get(), Code::connection_lost);
    end();
}

TEST_F(ProxyTest, ItsMetricsAreThoseOfTheListenerAndOfTheClient) {
    Server proxy{{.admin_address = "127.0.0.1:0"}};
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp(), .name = "one"});
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = tcp(), .name = "other"});
    proxy.start();
    Client{address_of(proxy, 0)}.call("add", Dynamic::list({1, 2}));
    Client{address_of(proxy, 1)}.call("add", Dynamic::list({1, 2}));
    const std::string text = test::http_get(proxy.admin_address(), "/metrics");
    constexpr const char* forwarded = R"x(method="(forwarded)",transport="tcp")x";
    EXPECT_TRUE(text.contains(std::string{"warren_server_requests_total{"} + forwarded)) << text;
    for (const std::string name : {"one", "other"}) {
        const std::string labels =
            "method=\"add\",transport=\"tcp\",protocol=\"msgpack-rpc\","
            "proxy=\"" +
            name + "\",code=\"ok\"";
        EXPECT_TRUE(text.contains("warren_client_requests_total{" + labels + "} 1")) << text;
    }
}

TEST_F(ProxyTest, CirclesAreRefusedWhereTheyAreSeen) {
    const auto refusal = [](const std::vector<std::pair<std::string, std::string>>& proxies) {
        Server server;
        return failure_of([&] {
            for (const auto& [from, to] : proxies) {
                server.forward({.url = from, .methods = {"m"}}, {.to = to});
            }
        });
    };
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"tcp://127.0.0.1:4000", "tcp://127.0.0.1:4000"},
             {"tcp://*:4000", "tcp://localhost:4000"},
             {"tcp://localhost:4000", "tcp://elsewhere:1,127.0.0.1:4000"},
             {"amqp://broker/v?queue=q", "amqp://user:password@broker:5672/v?queue=q"},
             {"memory:m", "memory:m"}}) {
        const Failure failure = refusal({{from, to}});
        EXPECT_EQ(failure.code, Code::invalid_request) << from;
        EXPECT_TRUE(failure.message.contains("to itself")) << failure.message;
    }
    const Failure round = refusal({{"tcp://*:4000", "amqp://broker/?queue=a"},
                                   {"amqp://broker/?queue=a", "memory:m"},
                                   {"memory:m", "tcp://127.0.0.1:4000"}});
    EXPECT_EQ(round.code, Code::invalid_request);
    EXPECT_TRUE(round.message.contains("come back")) << round.message;
    EXPECT_EQ(refusal({{"tcp://*:4000", "tcp://127.0.0.1:4001"},
                       {"tcp://*:4001", "amqp://broker/?queue=a"},
                       {"amqp://broker/?queue=b", "tcp://127.0.0.1:4000"}})
                  .message,
              "it did not fail");
}

TEST_F(ProxyTest, WhatCannotBeIsRefused) {
    const auto refusal = [](ListenerOptions from, ForwardOptions to) {
        Server server;
        return failure_of([&] { server.forward(std::move(from), std::move(to)); }).message;
    };
    const ListenerOptions from{.url = "tcp://127.0.0.1:0"};
    EXPECT_TRUE(refusal(from, {.to = "nowhere"}).contains("scheme"));
    EXPECT_TRUE(refusal({.url = "arrpc://127.0.0.1:0"}, {.to = tcp()}).contains("name the one"));
    EXPECT_TRUE(refusal({.url = memory()}, {.to = tcp()}).contains("exchange"));
    EXPECT_TRUE(
        refusal({.url = from.url, .fernet_keys = {std::string(43, 'A') + "="}}, {.to = tcp()})
            .contains("opens no secrets"));
    EXPECT_TRUE(refusal({.url = from.url, .idempotency = Idempotency::at_least_once}, {.to = tcp()})
                    .contains("remembers no replies"));
    EXPECT_TRUE(refusal(from, {.to = "arrpc://127.0.0.1:1", .calls = ForwardCalls::one_way})
                    .contains("one-way"));
    Server twice;
    twice.forward(from, {.to = tcp(), .name = "name"});
    EXPECT_TRUE(failure_of([&] {
                    twice.forward(from, {.to = tcp(), .name = "name"});
                }).message.contains("'name'"));
    Server mock{{.replies = ServerReplies::mock}};
    mock.forward(from, {.to = tcp()});
    EXPECT_TRUE(failure_of([&] { mock.start(); }).message.contains("no mock replies"));
}

TEST(BufferedProxy, IsNotHadWhereNobodyAnswers) {
    Server proxy;
    const Failure refused = failure_of([&] {
        proxy.forward({.url = "tcp://127.0.0.1:0"},
                      {.to = "zmq+tcp://*:0?socket=pub", .buffer = BufferOptions{.file = "calls"}});
    });
    EXPECT_EQ(refused.code, Code::invalid_request);
    EXPECT_TRUE(refused.message.contains("A buffer needs an answer to each call"));
}

}  // namespace proxy_test
