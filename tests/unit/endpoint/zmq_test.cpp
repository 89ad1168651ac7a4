#include <warren/client.hpp>
#include <warren/server.hpp>

#include "core/percent.hpp"
#include "support/served.hpp"
#include "transport/zmq/curve_keys.hpp"

#include <gtest/gtest.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// Servers and clients over ZeroMQ, in one process.
namespace zmq_test {

using namespace std::chrono_literals;
using namespace warren;
using test::address_of;
using test::failure_of;

struct Sum {
    int value = 0;
};
WARREN_MODEL(Sum, (value))
struct Addends {
    int a = 0;
    int b = 0;
};
WARREN_MODEL(Addends, (a), (b))
WARREN_CONTRACT(sum, "sum", Addends, Sum)

constexpr char any_port[] = "zmq+tcp://127.0.0.1:0";

void add_methods(Server& server, int who = 0) {
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    server.method("who", [who] { return who; });
    server.method("sum", [](const Addends& given) { return Sum{given.a + given.b}; });
}

struct OneServer {
    explicit OneServer(const ListenerOptions& listener, int who = 0) {
        add_methods(server, who);
        server.listen(listener);
        server.start();
    }
    ~OneServer() { server.stop(); }

    std::string address() const { return address_of(server); }

    Server server;
};

const Dynamic two_and_forty = Dynamic::map({{"a", 2}, {"b", 40}});

TEST(Zmq, EverySocketAndProtocolOfAClient) {
    const OneServer own{{.url = any_port}};
    const OneServer python{{.url = any_port, .protocol = "pyzmqrpc"}};
    for (const std::string& url :
         {own.address(), own.address() + "?socket=req", own.address() + "?peer=foreign",
          own.address() + "?socket=req&connections=3", python.address(),
          python.address() + "&socket=req"}) {
        SCOPED_TRACE(url);
        Client client{url};
        EXPECT_EQ(client.call("add", two_and_forty), Dynamic{42});
        EXPECT_EQ(client.call<sum>({.a = 1, .b = 2}).value, 3);
        EXPECT_EQ(failure_of([&] { client.call("missing", Dynamic::map({})); }).code,
                  Code::no_such_method);
    }
}

TEST(Zmq, SeveralEndpointsOfOneListener) {
    const OneServer server{{.url = std::string{any_port} + ",127.0.0.1:0,zmq+inproc://several"}};
    const std::string shown = server.address();
    const std::size_t comma = shown.find(',');
    ASSERT_NE(comma, std::string::npos) << shown;
    EXPECT_TRUE(shown.ends_with(",zmq+inproc://several")) << shown;
    for (const std::string& url :
         {shown.substr(0, comma),
          "zmq+tcp://" + shown.substr(comma + 1, shown.rfind(',') - comma - 1),
          std::string{"zmq+inproc://several"}}) {
        EXPECT_EQ(Client{url}.call("add", two_and_forty), Dynamic{42}) << url;
    }
}

TEST(Zmq, CallsGoRoundOrToAll) {
    const OneServer first{{.url = "zmq+inproc://first"}, 1};
    const OneServer second{{.url = "zmq+inproc://second"}, 2};
    const std::string both = "zmq+inproc://first,second";
    Client round{both};
    const auto who = [&round] { return round.call("who", Dynamic::map({})); };
    // A server gets its share of the calls once it has answered what it was asked at first: both
    // have when two calls in a row are answered by different ones.
    while (who() == who()) {
    }
    std::vector<Dynamic> responses;
    for (int i = 0; i < 20; ++i) {
        responses.push_back(who());
    }
    EXPECT_EQ(std::ranges::count(responses, Dynamic{1}), 10);
    EXPECT_EQ(std::ranges::count(responses, Dynamic{2}), 10);
    Client all{both + "?distribution=broadcast"};
    EXPECT_EQ(all.call("who", Dynamic::map({})), Dynamic::list({1, 2}));
    const Failure typed = failure_of([&] { all.call<sum>({.a = 1, .b = 2}); });
    EXPECT_EQ(typed.code, Code::invalid_request);
    EXPECT_TRUE(typed.message.contains("distribution=broadcast")) << typed.message;
    Client half{"zmq+inproc://first,nobody?distribution=broadcast"};
    const Failure failed =
        failure_of([&] { half.call("who", Dynamic::map({}), {.timeout = 50ms}); });
    EXPECT_EQ(failed.code, Code::no_responder);
    EXPECT_TRUE(failed.message.starts_with("zmq+inproc://nobody: ")) << failed.message;
    EXPECT_EQ(failed.data, Dynamic::map({{"zmq+inproc://first", 1}}));
}

// Each needs a worker, and the burst is many times what may be in work.
TEST(Zmq, EveryOneWayCallOfABurstRuns) {
    constexpr int count = 20'000;
    for (const auto& [url, protocol] : {std::pair{"tcp://127.0.0.1:0", "msgpack-rpc"},
                                        {any_port, "msgpack-rpc"},
                                        {any_port, "pyzmqrpc"}}) {
        SCOPED_TRACE(std::string{url} + ' ' + protocol);
        std::atomic<int> ran = 0;
        std::promise<void> all_ran;
        Server server;
        server.method("count", [&] {
            if (++ran == count) {
                all_ran.set_value();
            }
        });
        server.listen(
            {.url = url, .protocol = protocol, .limits = {.connection_requests_max = 64}});
        server.start();
        Client client{address_of(server)};
        for (int i = 0; i < count; ++i) {
            client.notify("count", Dynamic::map({}));
        }
        EXPECT_EQ(all_ran.get_future().wait_for(60s), std::future_status::ready) << ran;
        EXPECT_EQ(failure_of([&] { client.call("missing", Dynamic::map({})); }).code,
                  Code::no_such_method);
        server.stop();
    }
}

TEST(Zmq, WrongCredentialsFailAtOnceAsWhatTheyAre) {
    const auto servers = *transport::make_curve_keys();
    const auto clients = *transport::make_curve_keys();
    const auto others = *transport::make_curve_keys();
    const OneServer plain{{.url = any_port, .zmq = {.username = "u", .password = "right"}}};
    const OneServer curve{
        {.url = any_port,
         .zmq = {.secret_key = servers.secret_key, .client_keys = {clients.public_key}}}};
    const auto keys = [&](const transport::CurveKeyPair& own) {
        return "?server_key=" + core::percent_encode(servers.public_key) +
               "&public_key=" + core::percent_encode(own.public_key) +
               "&secret_key=" + core::percent_encode(own.secret_key);
    };
    EXPECT_EQ(Client{plain.address() + "?username=u&password=right"}.call("add", two_and_forty),
              Dynamic{42});
    EXPECT_EQ(Client{curve.address() + keys(clients)}.call("add", two_and_forty), Dynamic{42});
    for (const std::string& url :
         {plain.address() + "?username=u&password=wrong", curve.address() + keys(others)}) {
        Client client{url};
        const Failure failure =
            failure_of([&] { client.call("add", two_and_forty, {.timeout = 60s}); });
        EXPECT_EQ(failure.code, Code::unauthenticated) << failure.message;
        EXPECT_FALSE(failure.message.contains("wrong")) << failure.message;
    }
}

TEST(Zmq, ACallWaitsForItsServerUntilItsDeadlineWhichSaysWhatWasWrong) {
    Client client{"zmq+inproc://not_yet"};
    auto early = std::async(std::launch::async, [&] { return client.call("add", two_and_forty); });
    const Failure failure =
        failure_of([&] { client.call("add", two_and_forty, {.timeout = 30ms}); });
    EXPECT_EQ(failure.code, Code::no_responder);
    EXPECT_EQ(failure.message,
              "Not sent: no connection to inproc://not_yet within 30ms: Cannot connect to "
              "inproc://not_yet: nobody in this process has bound that name");
    const OneServer server{{.url = "zmq+inproc://not_yet"}};
    EXPECT_EQ(early.get(), Dynamic{42});
}

TEST(Zmq, MoreCallsThanMayWaitAreRefusedInWords) {
    Client client{"zmq+inproc://never", {.in_flight_max = 1}};
    std::promise<Code> waiting;
    client.start_call("add", two_and_forty, [&](std::expected<Dynamic, Failure> outcome) {
        waiting.set_value(outcome.error().code);
    });
    const Failure failure = failure_of([&] { client.call("add", two_and_forty); });
    EXPECT_EQ(failure.code, Code::overloaded);
    EXPECT_TRUE(failure.message.contains("in_flight_max")) << failure.message;
    client.close();
    EXPECT_EQ(waiting.get_future().get(), Code::cancelled);
}

TEST(Zmq, ASlowHandlerDelaysNoOtherCall) {
    std::latch started{1};
    std::latch released{1};
    Server server;
    add_methods(server);
    server.method("wait", [&] {
        started.count_down();
        released.wait();
    });
    server.listen({.url = any_port, .protocol = "pyzmqrpc"});
    server.start();
    Client client{address_of(server)};
    auto slow = std::async(std::launch::async, [&] { client.call("wait", Dynamic::map({})); });
    started.wait();
    EXPECT_EQ(client.call("add", two_and_forty), Dynamic{42});
    zmq::context_t context;
    zmq::socket_t publisher{context, zmq::socket_type::req};
    const std::string url = address_of(server);
    publisher.connect(url.substr(0, url.find('?')).substr(std::string_view{"zmq+"}.size()));
    publisher.send(zmq::str_buffer("zmq_sub_heartbeat"));
    zmq::message_t response;
    EXPECT_TRUE(publisher.recv(response));
    EXPECT_EQ(response.to_string(), R"({"status_code": 200, "status_message": "OK"})");
    released.count_down();
    slow.get();
    server.stop();
}

TEST(Zmq, ASlowHandlerHoldsTheDrainForItsTimeAndNothingElse) {
    for (const std::string protocol : {"msgpack-rpc", "pyzmqrpc"}) {
        SCOPED_TRACE(protocol);
        std::latch started{1};
        std::latch released{1};
        Server server;
        add_methods(server);
        server.method("wait", [&] {
            started.count_down();
            released.wait();
            return 7;
        });
        server.listen({.url = any_port, .protocol = protocol});
        server.start();
        const std::string url = address_of(server);
        Client client{url};
        auto slow =
            std::async(std::launch::async, [&] { return client.call("wait", Dynamic::map({})); });
        started.wait();
        EXPECT_FALSE(server.drain(1ms));
        // It takes no more requests, but says so.
        const Failure refused = failure_of([&] { client.call("add", two_and_forty); });
        EXPECT_EQ(refused.code, Code::overloaded);
        EXPECT_FALSE(server.stop_now(1ms));
        released.count_down();
        EXPECT_TRUE(server.stop_now(10s));
        EXPECT_NE(failure_of([&] { slow.get(); }).code, Code::internal);
        EXPECT_EQ(
            failure_of([&] { Client{url}.call("add", two_and_forty, {.timeout = 50ms}); }).code,
            Code::no_responder);
    }
}

TEST(Zmq, WhatIsPublishedIsDoneWhereverItIsSubscribedTo) {
    for (const std::string protocol : {"msgpack-rpc", "pyzmqrpc"}) {
        SCOPED_TRACE(protocol);
        const std::string publisher = "zmq+inproc://publisher_of_" + protocol;
        std::latch heard{2};
        std::array<std::once_flag, 2> once;
        std::vector<std::unique_ptr<Server>> servers;
        for (std::size_t i = 0; i < once.size(); ++i) {
            Server& server = *servers.emplace_back(std::make_unique<Server>());
            server.method("hear",
                          [&, i](int) { std::call_once(once[i], [&] { heard.count_down(); }); },
                          {"number"});
            server.listen({.url = publisher,
                           .protocol = protocol,
                           .zmq = {.socket = ZmqListenerSocket::sub}});
            server.start();
        }
        Client client{publisher + "?socket=pub&protocol=" + protocol};
        while (!heard.try_wait()) {  // each begins to hear when it has subscribed
            client.notify("hear", Dynamic::map({{"number", 1}}));
        }
        const Failure refused =
            failure_of([&] { client.call("hear", Dynamic::map({{"number", 1}})); });
        EXPECT_EQ(refused.code, Code::invalid_request);
        for (const auto& server : servers) {
            server->stop();
        }
    }
}

TEST(Zmq, AClientStopsTheServerWhereItMay) {
    const OneServer closed{{.url = any_port, .protocol = "pyzmqrpc"}};
    const Failure refused =
        failure_of([&] { Client{closed.address()}.call("ShutdownServer", Dynamic::map({})); });
    EXPECT_EQ(refused.code, Code::no_such_method);
    Server open;
    add_methods(open);
    std::promise<void> asked;
    open.on_shutdown([&] { asked.set_value(); });
    open.listen({.url = any_port, .protocol = "pyzmqrpc", .zmq = {.allow_shutdown = true}});
    open.start();
    Client client{address_of(open)};
    EXPECT_EQ(client.call("ShutdownServer", Dynamic::map({})), Dynamic{});
    asked.get_future().get();
    open.stop();
}

}  // namespace zmq_test
