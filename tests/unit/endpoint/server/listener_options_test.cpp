#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::listener_options_test {

using namespace std::chrono_literals;
using test::failure_of;

TEST(ListenerOptions, AListenerIsAnAddressOrOptions) {
    Server server;
    server.method("one", [] { return 1; });
    server.listen({.url = "memory:listen_braces"});
    server.listen("memory:listen_literal");
    const std::string text = "memory:listen_text";
    server.listen(text);
    server.listen(text + "_moved");
    ListenerOptions options{.url = "memory:listen_options"};
    server.listen(options);
    server.forward({.url = "tcp://127.0.0.1:0"}, {.to = "memory:listen_braces"});
    server.start();
    EXPECT_EQ(server.addresses().size(), 6U);
}

/// What a listener is refused for; empty: it is not.
std::string refusal_of(ListenerOptions options) {
    try {
        Server{}.listen(std::move(options));
        return {};
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        return error.message();
    }
}

TEST(ListenerOptions, WhatAnAddressHasNoUseForIsRefusedByName) {
    const std::string broker = "amqp://localhost/?queue=q";
    const std::string port = "tcp://127.0.0.1:0";
    const std::string zmq = "zmq+tcp://127.0.0.1:0";
    const std::pair<ListenerOptions, std::string_view> cases[] = {
        {{.url = broker, .limits = {.connections_max = 1}}, "'connections_max'"},
        {{.url = broker, .limits = {.connection_requests_max = 1}}, "'connection_requests_max'"},
        {{.url = broker, .limits = {.connection_requests_bytes_max = 1}},
         "'connection_requests_bytes_max'"},
        {{.url = broker, .limits = {.connection_answers_bytes_max = 1}},
         "'connection_answers_bytes_max'"},
        {{.url = "memory:a", .limits = {.answers_bytes_max = 1}}, "'answers_bytes_max'"},
        {{.url = broker, .tcp = {.handshake_timeout = 1s}}, "'handshake_timeout'"},
        {{.url = "memory:a", .tcp = {.idle_timeout = 1s}}, "'idle_timeout'"},
        {{.url = zmq, .tcp = {.stall_timeout = 1s}}, "'stall_timeout'"},
        {{.url = broker, .tcp = {.tls = ListenerTls{.certificate_file = "x"}}}, "certificate"},
        {{.url = zmq, .tcp = {.tls = ListenerTls{.certificate_file = "x"}}}, "TLS"},
        {{.url = broker, .zmq = {.socket = ZmqListenerSocket::sub}}, "'socket'"},
        {{.url = port, .zmq = {.side = ZmqSide::bind}}, "'side'"},
        {{.url = port, .zmq = {.high_water_mark = 1}}, "'high_water_mark'"},
        {{.url = port, .zmq = {.allow_shutdown = true}}, "'allow_shutdown'"},
        {{.url = "arrpc://h:1?method=m", .compress_bytes_min = 1}, "'compress_bytes_min'"},
        {{.url = port, .queue = {.name = "q"}}, "queue"},
        {{.url = port, .queue = {.type = QueueType::quorum}}, "Queues"},
        {{.url = port, .queue = {.attempts_max = 1}}, "Queues"},
        {{.url = zmq, .queue = {.acknowledge = Acknowledge::before_handling}}, "Queues"},
        {{.url = zmq, .queue = {.dead_letter_queue = ""}}, "Queues"},
        {{.url = port, .queue = {.return_dropped = false}}, "Queues"},
        {{.url = port, .queue = {.compat = "4.3"}}, "'compat'"},
        {{.url = broker, .queue = {.compat = "4.4"}}, "known are: 4.3"},
        {{.url = broker, .queue = {.compat = "4.3", .durable = false}}, "'durable: false'"},
        {{.url = broker + "&compat=4.3", .queue = {.durable = false}}, "'exclusive: true'"},
        {{.url = broker + "&compat=4.3", .queue = {.compat = "4.3"}}, "stands twice"},
        {{.url = broker,
          .queue = {.compat = "4.3", .arguments = Dynamic::map({{"x-queue-version", 1}})}},
         "'x-queue-version'"},
        {{.url = port, .queue = {.exchanges = {{.name = "m"}}}}, "exchanges"},
        {{.url = broker, .callme = {.server_id = "s"}}, "'server_id'"},
        {{.url = port, .callme = {.format = CallmeFormat::json}}, "'format'"},
        {{.url = broker, .callme = {.threaded = true}}, "'threaded' is of the protocol callme"},
        {{.url = zmq, .callme = {.threaded = true}}, "'threaded' is of the protocol callme"},
    };
    for (const auto& [options, name] : cases) {
        const std::string refusal = refusal_of(options);
        EXPECT_NE(refusal.find(name), std::string::npos) << options.url << ": " << refusal;
    }
}

TEST(ListenerOptions, WhatAnAddressHasAUseForIsNot) {
    const ConnectionLimits limits{.connections_max = 1,
                                  .connection_requests_max = 2,
                                  .connection_requests_bytes_max = 3,
                                  .connection_answers_bytes_max = 4,
                                  .answers_bytes_max = 5};
    const ListenerQueue queue{.exchanges = {{.name = "m"}},
                              .acknowledge = Acknowledge::before_handling,
                              .attempts_max = 3,
                              .dead_letter_queue = "letters",
                              .return_dropped = true,
                              .compat = "4.3",
                              .durable = true,
                              .exclusive = false,
                              .auto_delete = false,
                              .type = QueueType::quorum,
                              .arguments = Dynamic::map({{"x-max-length", 10}})};
    for (const ListenerOptions& options :
         {ListenerOptions{.url = "amqp://localhost/?queue=q", .queue = queue},
          ListenerOptions{.url = "memory:a", .queue = queue},
          ListenerOptions{.url = "amqp://localhost/?queue=q&compat=4.3",
                          .queue = {.durable = false, .exclusive = true}},
          ListenerOptions{
              .url = "amqp://localhost/",
              .protocol = "callme",
              .queue = {.type = QueueType::classic},
              .callme = {.server_id = "s", .format = CallmeFormat::msgpack, .threaded = true}},
          ListenerOptions{
              .url = "tcp://127.0.0.1:0",
              .limits = limits,
              .tcp = {.handshake_timeout = 1s, .idle_timeout = 2s, .stall_timeout = 3s}},
          ListenerOptions{.url = "zmq+tcp://127.0.0.1:1",
                          .limits = limits,
                          .zmq = {.socket = ZmqListenerSocket::sub, .side = ZmqSide::connect}}}) {
        EXPECT_EQ(refusal_of(options), "") << options.url;
    }
}

/// Serves `one` at every address that a test may have, all of them at once.
struct Everywhere {
    explicit Everywhere(const std::vector<ListenerOptions>& listeners) {
        server.method("one", [] { return 1; });
        for (const ListenerOptions& listener : listeners) {
            server.listen(listener);
        }
        std::promise<void> ready;
        server.on_ready([&ready] { ready.set_value(); });
        server.start();
        ready.get_future().wait();
    }

    Server server;
};

TEST(ListenerOptions, EachAddressIsOneToCall) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("warren-addresses-" + std::to_string(getpid())))
            .string();
    const Everywhere everywhere{
        {{.url = "tcp://127.0.0.1:0"},
         {.url = "tcp://*:0", .protocol = "arrpc", .methods = {"one"}},
         {.url = "memory:addresses"},
         {.url = "memory:addresses", .queue = {.name = "a queue"}},
         {.url = "memory:in_turn", .protocol = "tutorial", .methods = {"one"}},
         {.url = "memory:addresses",
          .protocol = "callme",
          .callme = {.server_id = "s", .format = CallmeFormat::json}},
         {.url = "zmq+tcp://127.0.0.1:0"},
         {.url = "zmq+tcp://*:0", .protocol = "pyzmqrpc"},
         {.url = "zmq+ipc://" + path, .zmq = {.socket = ZmqListenerSocket::rep}},
         {.url = "zmq+inproc://addresses"}}};
    const std::vector<std::string> addresses = everywhere.server.addresses();
    ASSERT_EQ(addresses.size(), 10U);
    EXPECT_TRUE(addresses[0].starts_with("tcp://127.0.0.1:"));
    EXPECT_TRUE(addresses[1].starts_with("arrpc://"));
    EXPECT_EQ(addresses[2], "memory:addresses");
    EXPECT_EQ(addresses[3], "memory:addresses?queue=a%20queue");
    EXPECT_EQ(addresses[4], "memory:in_turn?protocol=tutorial");
    EXPECT_EQ(addresses[5], "memory:addresses?protocol=callme&server_id=s&format=json");
    EXPECT_TRUE(addresses[7].ends_with("?protocol=pyzmqrpc"));
    for (const std::string& address : addresses) {
        EXPECT_EQ(Client{address}.call("one", Dynamic::map({})), Dynamic{1}) << address;
    }
}

TEST(ListenerOptions, APublisherIsAddressedAsSuch) {
    std::promise<void> noted;
    Server server;
    server.method("note", [&] { noted.set_value(); });
    server.listen({.url = "zmq+tcp://127.0.0.1:0",
                   .zmq = {.socket = ZmqListenerSocket::sub, .side = ZmqSide::bind}});
    server.listen({.url = "zmq+inproc://a_publisher", .zmq = {.socket = ZmqListenerSocket::sub}});
    server.start();
    EXPECT_EQ(server.addresses()[1], "zmq+inproc://a_publisher?socket=pub");
    Client client{server.addresses()[0]};
    client.notify("note", Dynamic::map({}));
    noted.get_future().wait();
}

TEST(ListenerOptions, AnAddressHasNoSecret) {
    Server server;
    server.method("one", [] { return 1; });
    server.listen("amqp://user:secret@127.0.0.1:1/a%2Fb?queue=q&heartbeat=5");
    server.listen({.url = "zmq+tcp://127.0.0.1:0", .zmq = {.username = "u", .password = "secret"}});
    server.start();
    EXPECT_EQ(server.addresses()[0], "amqp://127.0.0.1:1/a%2Fb?queue=q");
    EXPECT_EQ(server.addresses()[1].find('?'), std::string::npos);
}

}  // namespace warren::listener_options_test
