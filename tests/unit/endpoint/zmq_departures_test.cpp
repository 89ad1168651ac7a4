#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <expected>
#include <filesystem>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

// Clients over ZeroMQ that go without a word while handlers work for them.
namespace zmq_departures_test {

using namespace warren;
using test::address_of;

/// Waits until the handler is told to stop.
void wait_for_stop(const Context& context) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    never.wait(lock, context.stop, [] { return false; });
}

struct Case {
    std::string url;
    std::string protocol;
    std::string parameters;  // of a client that says nothing when it goes
};

std::vector<Case> cases() {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("warren-" + std::to_string(getpid()))).string();
    return {{"zmq+tcp://127.0.0.1:0", "msgpack-rpc", "&peer=foreign"},
            {"zmq+tcp://127.0.0.1:0", "msgpack-rpc", "&peer=foreign&socket=req"},
            {"zmq+ipc://" + path, "msgpack-rpc", "&peer=foreign"},
            {"zmq+tcp://127.0.0.1:0", "pyzmqrpc", ""},
            {"zmq+tcp://127.0.0.1:0", "pyzmqrpc", "&socket=req"}};
}

void start_call(Client& client, std::string_view method) {
    client.start_call(method, Dynamic::map({}), [](const std::expected<Dynamic, Failure>&) {});
}

TEST(ZmqDepartures, AHandlerWhoseClientIsGoneIsStoppedAndItsPlaceIsFree) {
    for (const Case& each : cases()) {
        SCOPED_TRACE(each.url + each.parameters);
        std::latch started{1};
        std::latch stopped{1};
        std::latch released{1};
        Server server;
        server.method("wait", [&](Context& context) {
            started.count_down();
            wait_for_stop(context);
            stopped.count_down();
            released.wait();
        });
        server.method("hello", [] { return 1; });
        server.listen({.url = each.url, .protocol = each.protocol, .max_simultaneous_requests = 1});
        server.start();
        const std::string url = address_of(server) + each.parameters;
        Client staying{url};
        auto leaving = std::make_unique<Client>(url);
        start_call(*leaving, "wait");
        started.wait();
        EXPECT_EQ(test::failure_of([&] { staying.call("hello", Dynamic::map({})); }).code,
                  Code::overloaded);
        leaving.reset();
        stopped.wait();
        EXPECT_EQ(staying.call("hello", Dynamic::map({})), Dynamic{1});
        released.count_down();
        server.stop();
    }
}

TEST(ZmqDepartures, WhatIsOneWayOrOfAnotherClientGoesOn) {
    for (const char* const parameters : {"?peer=foreign", "?peer=foreign&socket=req"}) {
        SCOPED_TRACE(parameters);
        std::latch started{3};
        std::latch stopped{1};
        std::latch released{1};
        std::latch ended{2};
        std::atomic<bool> was_stopped = false;
        const auto go_on = [&](Context& context) {
            started.count_down();
            released.wait();
            was_stopped = was_stopped || context.stop.stop_requested();
            ended.count_down();
        };
        Server server;
        server.method("note", go_on);
        server.method("work", go_on);
        server.method("wait", [&](Context& context) {
            started.count_down();
            wait_for_stop(context);
            stopped.count_down();
        });
        server.listen({.url = "zmq+tcp://127.0.0.1:0"});
        server.start();
        const std::string url = address_of(server) + parameters;
        Client staying{url};
        auto leaving = std::make_unique<Client>(url);
        auto answered =
            std::async(std::launch::async, [&] { return staying.call("work", Dynamic::map({})); });
        leaving->notify("note", Dynamic::map({}));
        start_call(*leaving, "wait");
        started.wait();
        leaving.reset();
        stopped.wait();
        released.count_down();
        ended.wait();
        EXPECT_EQ(answered.get(), Dynamic{});
        EXPECT_FALSE(was_stopped);
        server.stop();
    }
}

TEST(ZmqDepartures, EveryCommandRunsThatWasSentBeforeItsClientWent) {
    constexpr int count = 20;
    std::latch released{1};
    std::latch ran{count};
    Server server;
    server.method("count", [&] {
        released.wait();
        ran.count_down();
    });
    server.listen({.url = "zmq+tcp://127.0.0.1:0", .protocol = "pyzmqrpc"});
    server.start();
    {
        Client client{address_of(server)};
        for (int i = 0; i < count; ++i) {
            client.notify("count", Dynamic::map({}));
        }
    }
    released.count_down();
    ran.wait();
    server.stop();
}

}  // namespace zmq_departures_test
