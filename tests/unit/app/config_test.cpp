#include "app/config/config.hpp"

#include "support/dated_certificate.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace warren::app {
namespace {

constexpr char key[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

constexpr char seed_shape[] = R"(server:
  host: rabbitmq.example.com
  username: user
  password: p@ss/word
  port: 5671
  ssl: true
log_server:
  base_url: https://log.example.com
  api_token: token
virtual_hosts:
  trees:
    queue: test
    fernet_key: cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=
    max_simultaneous_requests: 7
    exchanges:
      dx_example:
        type: direct
  a/b:
    queue: other
    fernet_key: null
    exchanges:
      dx_other:
        type: direct
)";

TEST_F(ConfigFile, TheShapeOfVirtualHostsIsReadAsItIs) {
    const Config config = load(seed_shape);
    ASSERT_EQ(config.listeners.size(), 2U);
    const ListenerOptions& trees = config.listeners[0].options;
    EXPECT_EQ(trees.url, "amqps://user:p%40ss%2Fword@rabbitmq.example.com:5671/trees");
    EXPECT_EQ(trees.queue.name, "test");
    EXPECT_EQ(trees.methods, std::vector<std::string>{"dx_example"});
    EXPECT_EQ(trees.fernet_keys, std::vector<std::string>{key});
    EXPECT_EQ(trees.max_simultaneous_requests, 7U);
    ASSERT_EQ(trees.queue.exchanges.size(), 1U);
    EXPECT_EQ(trees.queue.exchanges[0].type, "direct");
    const ListenerOptions& other = config.listeners[1].options;
    EXPECT_TRUE(other.url.ends_with("/a%2Fb"));
    EXPECT_TRUE(other.fernet_keys.empty());
    EXPECT_EQ(other.max_simultaneous_requests, std::nullopt);
    ASSERT_TRUE(config.log_server);
    EXPECT_EQ(config.log_server->base_url, "https://log.example.com");
    EXPECT_EQ(config.log_server->api_token, "token");
    EXPECT_TRUE(config.notes.empty());
}

TEST_F(ConfigFile, OneVirtualHostIsChosenByName) {
    const Config config = load(seed_shape, "a/b");
    ASSERT_EQ(config.listeners.size(), 1U);
    EXPECT_EQ(config.listeners[0].options.queue.name, "other");
    const auto found = problems(seed_shape, "servers");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("has no virtual host 'servers'; there are: 'trees', 'a/b'"),
              std::string::npos)
        << found[0];
}

TEST_F(ConfigFile, ListenersWithoutABroker) {
    const Config config = load(R"(listeners:
  - {tcp: "127.0.0.1:8080", methods: [add], max_simultaneous_requests: 7, connections_max: 8,
     connection_requests_max: 9, connection_requests_bytes_max: 8, requests_bytes_max: 10, idle_timeout: 0s,
     connection_answers_bytes_max: 11, answers_bytes_max: 12,
     handshake_timeout: 1s, stall_timeout: 2s}
  - {tcp: "[::1]:0", protocol: arrpc, method: echo, auth_secret: short}
  - {tcp: "*:0", auth_secrets: [a secret of enough bytes, another one of enough bytes]}
spin_us: 50
)");
    EXPECT_EQ(config.server.spin_max, std::chrono::microseconds{50});
    ASSERT_EQ(config.listeners.size(), 3U);
    const ListenerOptions& own = config.listeners[0].options;
    EXPECT_EQ(own.url, "tcp://127.0.0.1:8080");
    EXPECT_EQ(own.methods, std::vector<std::string>{"add"});
    EXPECT_EQ(own.max_simultaneous_requests, 7U);
    EXPECT_EQ(own.limits.connections_max, 8U);
    EXPECT_EQ(own.limits.connection_requests_max, 9U);
    EXPECT_EQ(own.limits.connection_requests_bytes_max, 8U);
    EXPECT_EQ(own.requests_bytes_max, 10U);
    EXPECT_EQ(own.limits.connection_answers_bytes_max, 11U);
    EXPECT_EQ(own.limits.answers_bytes_max, 12U);
    EXPECT_EQ(own.tcp.idle_timeout, std::chrono::milliseconds{0});
    EXPECT_EQ(own.tcp.handshake_timeout, std::chrono::milliseconds{1'000});
    EXPECT_EQ(own.tcp.stall_timeout, std::chrono::milliseconds{2'000});
    EXPECT_EQ(config.listeners[1].options.protocol, "arrpc");
    EXPECT_EQ(config.listeners[1].options.auth_secrets, std::vector<std::string>{"short"});
    EXPECT_EQ(config.listeners[2].options.auth_secrets.size(), 2U);
}

TEST_F(ConfigFile, WhatIsCompressedIsSaid) {
    const auto config = load(R"(listeners:
  - {tcp: "h:1"}
  - {tcp: "h:2", compress_bytes_min: 16384}
  - {amqp: "amqp://h", queue: q, compress_bytes_min: null}
)");
    EXPECT_EQ(config.listeners[0].options.compress_bytes_min, std::size_t{64} << 10);
    EXPECT_EQ(config.listeners[1].options.compress_bytes_min, 16'384U);
    EXPECT_EQ(config.listeners[2].options.compress_bytes_min, std::nullopt);
    const auto found = problems(R"(listeners:
  - {tcp: "h:1", compress_bytes_min: 0}
  - {tcp: "h:2", protocol: arrpc, method: m, compress_bytes_min: 1}
)");
    ASSERT_EQ(found.size(), 2U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].starts_with("warren.yml:2: listeners[0].compress_bytes_min")) << found[0];
    EXPECT_TRUE(found[1].contains("'compress_bytes_min' is of the protocols")) << found[1];
}

TEST_F(ConfigFile, WarrensOwnShape) {
    const Config config = load(R"(modules: [modules, /opt/methods]
methods_missing: skip
workers: 3
drain_timeout: 1500ms
mock: true
log: {level: debug, format: json}
limits: {body_bytes_max: 1000}
listeners:
  - {amqp: "amqp://guest:guest@127.0.0.1:5672/test", queue: test, methods: [dx_example, echo],
     fernet_keys: ["cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="], accept_clear_secrets: true,
     nested_secrets: true,
     fernet_ttl: 1h, durable: true, queue_type: quorum, arguments: {x-max-length: 10}}
  - {amqp: "amqp://127.0.0.1", protocol: tutorial, method: fibonacci}
  - {memory: quick}
)");
    ASSERT_EQ(config.modules.size(), 2U);
    EXPECT_EQ(config.modules[0].path, directory_ + "/modules");
    EXPECT_EQ(config.modules[1].path, "/opt/methods");
    EXPECT_EQ(config.modules[1].source_location, config.file + ":1: modules[1]");
    EXPECT_EQ(config.methods_missing, MethodsMissing::skip);
    EXPECT_EQ(config.server.workers, 3U);
    EXPECT_EQ(config.server.drain_timeout, std::chrono::milliseconds{1500});
    EXPECT_EQ(config.server.replies, ServerReplies::mock);
    EXPECT_EQ(config.server.body_bytes_max, 1000U);
    EXPECT_EQ(config.log_level, LogLevel::debug);
    EXPECT_EQ(config.log_format, LogFormat::json);
    ASSERT_EQ(config.listeners.size(), 3U);
    EXPECT_EQ(config.listeners[0].options.plaintext_secrets, PlaintextSecrets::accept);
    EXPECT_EQ(config.listeners[0].options.nested_secrets, true);
    EXPECT_EQ(config.listeners[0].options.fernet_ttl, std::chrono::hours{1});
    EXPECT_EQ(config.listeners[0].options.queue.type, QueueType::quorum);
    EXPECT_EQ(config.listeners[0].options.queue.arguments, Dynamic::map({{"x-max-length", 10}}));
    EXPECT_EQ(config.listeners[1].options.methods, std::vector<std::string>{"fibonacci"});
    EXPECT_EQ(config.listeners[2].options.url, "memory:quick");
}

TEST_F(ConfigFile, EveryProblemIsReportedAtOnceWithItsLineAndPath) {
    const auto found = problems(R"(moduls: [a]
workers: many
workers: 2
log: {level: loud}
listeners:
  - amqp: amqp://localhost:99999/
    queue: [a]
    fernet_key: not-a-key
  - queue: test
)");
    const std::vector<std::string> places{
        "warren.yml:1: moduls: ",
        "warren.yml:2: workers: ",
        "warren.yml:3: workers: ",
        "warren.yml:4: log.level: ",
        "warren.yml:6: listeners[0].amqp: ",
        "warren.yml:7: listeners[0].queue: ",
        "warren.yml:8: listeners[0].fernet_key: ",
        "warren.yml:9: listeners[1]: ",
    };
    ASSERT_EQ(found.size(), places.size()) << testing::PrintToString(found);
    for (std::size_t i = 0; i < places.size(); ++i) {
        EXPECT_TRUE(found[i].starts_with(places[i])) << found[i];
    }
}

TEST_F(ConfigFile, AProblemIsOneLineWhateverTheFileSays) {
    const auto found = problems("\"two\\nlines\": 3\nlisteners: [{memory: q, \"\\e[2J\": 1}]\n");
    ASSERT_EQ(found.size(), 2U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].starts_with("warren.yml:1: two\\nlines: unknown key")) << found[0];
    EXPECT_TRUE(found[1].starts_with("warren.yml:2: listeners[0].\\x1b[2J: unknown")) << found[1];
}

TEST_F(ConfigFile, AnUnknownKeySuggestsTheNearest) {
    const auto found = problems("workrs: 3\nlisteners: [{memory: quick}]\n");
    EXPECT_EQ(found, std::vector<std::string>{
                         "warren.yml:1: workrs: unknown key (did you mean 'workers'?)"});
}

TEST_F(ConfigFile, WrongTypesSayWhatWasWanted) {
    EXPECT_EQ(problems("workers: many\nlisteners: [{memory: [x]}]\nmock: \"true\"\n"),
              (std::vector<std::string>{
                  "warren.yml:1: workers: expected a whole number from 1 to 4096, found something "
                  "else",
                  "warren.yml:2: listeners[0].memory: expected text, found a list",
                  "warren.yml:3: mock: expected true or false, found text"}));
}

TEST_F(ConfigFile, OneMistakeIsOneProblem) {
    EXPECT_EQ(problems("listeners:\n"
                       "  - {memory: quick, methods: echo}\n"
                       "  - {memory: slow, protocol: tutorial, methods: [echo]}\n"
                       "  - {memory: last, protocol: tutorial, method: [echo]}\n"),
              (std::vector<std::string>{
                  "warren.yml:2: listeners[0].methods: expected a list, found text",
                  "warren.yml:3: listeners[1].methods: this protocol serves one method of a "
                  "listener: say 'method: NAME'",
                  "warren.yml:4: listeners[2].method: expected text, found a list"}));
}

TEST_F(ConfigFile, ReadsWhatACallmeServerIs) {
    const Config config = load(R"(listeners:
  - {amqp: "amqp://localhost/", protocol: callme, server_id: fooserver, threaded: true,
     format: json, acknowledge: before, durable: true, queue_type: quorum}
)");
    ASSERT_EQ(config.listeners.size(), 1U);
    const ListenerOptions& options = config.listeners[0].options;
    EXPECT_EQ(options.protocol, "callme");
    EXPECT_EQ(options.callme.server_id, "fooserver");
    EXPECT_EQ(options.callme.format, CallmeFormat::json);
    EXPECT_TRUE(options.callme.threaded);
    EXPECT_EQ(options.queue.acknowledge, Acknowledge::before_handling);
    EXPECT_EQ(options.queue.type, QueueType::quorum);
}

TEST_F(ConfigFile, WhatACallmeServerCannotBeIsSaid) {
    const auto found = problems(
        "listeners:\n"
        "  - {memory: a, protocol: callme}\n"
        "  - {memory: b, protocol: callme, server_id: x, queue: y}\n"
        "  - {memory: c, protocol: callme, server_id: x, format: yaml}\n"
        "  - {memory: d, protocol: callme, server_id: x, max_simultaneous_requests: 2}\n"
        "  - {memory: e, protocol: cyberfusion, threaded: true}\n");
    const std::vector<std::string> parts{
        "warren.yml:2: listeners[0].server_id: ",
        "listeners[1].memory: The protocol callme names its queues itself: say server_id",
        "warren.yml:4: listeners[2].format: ",
        "listeners[3].memory: A callme server handles one request after the other unless",
        "warren.yml:6: listeners[4].threaded: unknown key"};
    for (const std::string& part : parts) {
        EXPECT_TRUE(std::ranges::any_of(
            found, [&](const std::string& line) { return line.contains(part); }))
            << part << " in " << testing::PrintToString(found);
    }
}

TEST_F(ConfigFile, ABadPortIsRefused) {
    const auto found = problems(
        "server: {host: a, username: u, password: p, port: 65536, ssl: false}\n"
        "virtual_hosts: {test: {queue: q, exchanges: {m: {type: direct}}}}\n");
    EXPECT_EQ(found, std::vector<std::string>{"warren.yml:1: server.port: must be a whole number "
                                              "from 1 to 65535, but is 65536"});
}

TEST_F(ConfigFile, AMissingValueIsNamed) {
    EXPECT_EQ(problems("server: {host: a, username: u}\nvirtual_hosts: {t: {queue: q}}\n"),
              (std::vector<std::string>{"warren.yml:1: server.password: missing",
                                        "warren.yml:2: virtual_hosts.t.exchanges: missing"}));
}

TEST_F(ConfigFile, AKeyThatStandsTwiceIsRefused) {
    const auto found = problems("workers: 2\nworkers: 3\nlisteners: [{memory: quick}]\n");
    EXPECT_EQ(found,
              std::vector<std::string>{"warren.yml:2: workers: stands twice, first in line 1"});
}

TEST_F(ConfigFile, MergeKeysBringInWhatAnchorsName) {
    const Config config = load(R"(x-common: &common
  connections_max: 5
  idle_timeout: 1s
  handshake_timeout: 2s
x-more: &more {idle_timeout: 3s, stall_timeout: 4s}
listeners:
  - {tcp: "127.0.0.1:1", <<: *common, idle_timeout: 5s}
  - <<: [*common, *more]
    tcp: "127.0.0.1:2"
  - &third
    tcp: "127.0.0.1:3"
    <<: {<<: *more, stall_timeout: 6s}
  - {<<: *third, tcp: "127.0.0.1:4"}
)");
    using std::chrono::seconds;
    ASSERT_EQ(config.listeners.size(), 4U);
    EXPECT_EQ(config.listeners[0].options.tcp.idle_timeout, seconds{5}) << "its own goes first";
    EXPECT_EQ(config.listeners[0].options.tcp.handshake_timeout, seconds{2});
    EXPECT_EQ(config.listeners[0].options.limits.connections_max, 5U);
    EXPECT_EQ(config.listeners[1].options.tcp.idle_timeout, seconds{1})
        << "an earlier map goes first";
    EXPECT_EQ(config.listeners[1].options.tcp.stall_timeout, seconds{4});
    EXPECT_EQ(config.listeners[2].options.tcp.idle_timeout, seconds{3});
    EXPECT_EQ(config.listeners[2].options.tcp.stall_timeout, seconds{6});
    EXPECT_EQ(config.listeners[3].options.url, "tcp://127.0.0.1:4");
    EXPECT_EQ(config.listeners[3].options.tcp.stall_timeout, seconds{6});
}

TEST_F(ConfigFile, WhatAMergeBringsInIsWrongWhereItStands) {
    EXPECT_EQ(problems("x-common: &common\n"
                       "  connections_max: many\n"
                       "  connection_max: 1\n"
                       "listeners:\n"
                       "  - {tcp: 'h:1', <<: *common}\n"
                       "  - {tcp: 'h:2', <<: common}\n"
                       "  - {tcp: 'h:3', 'tcq': x}\n"),
              (std::vector<std::string>{
                  "warren.yml:2: listeners[0].connections_max: expected a whole number from 1 to "
                  "1048576, found something else",
                  "warren.yml:3: listeners[0].connection_max: unknown key (did you mean "
                  "'connections_max'?)",
                  "warren.yml:6: listeners[1]: '<<' takes a map, or a list of maps, such as '<<: "
                  "*common'",
                  "warren.yml:7: listeners[2].tcq: unknown key (did you mean 'tcp'?)"}));
}

TEST_F(ConfigFile, AnAnchorWithinItselfIsReadOnce) {
    EXPECT_EQ(load("listeners: [&a {memory: quick, <<: *a}]\n").listeners.size(), 1U);
}

TEST_F(ConfigFile, TheShapeOfVirtualHostsReadsWhatItsOwnServerReads) {
    for (const std::string truth :
         {"yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"}) {
        const Config config = load(
            "x-exchange: &exchange {type: direct}\n"
            "server: {host: h, username: u, password: p, port: null, ssl: " +
            truth +
            "}\n"
            "future: {key: value}\n"
            "virtual_hosts:\n"
            "  a: &a\n"
            "    queue: q\n"
            "    more: 1\n"
            "    max_simultaneous_requests:\n"
            "    exchanges: {m: *exchange}\n"
            "  b: {<<: *a, queue: r, queue: s}\n");
        ASSERT_EQ(config.listeners.size(), 2U);
        EXPECT_EQ(config.listeners[0].options.url, "amqps://u:p@h/a");
        EXPECT_EQ(config.listeners[0].options.max_simultaneous_requests, std::nullopt);
        EXPECT_EQ(config.listeners[1].options.queue.name, "s");
        EXPECT_EQ(config.listeners[1].options.methods, std::vector<std::string>{"m"});
        EXPECT_EQ(config.notes.size(), 4U) << testing::PrintToString(config.notes);
        EXPECT_TRUE(std::ranges::any_of(config.notes, [](const std::string& note) {
            return note.contains(":3: future: unknown key") &&
                   note.ends_with("; it is passed over");
        }));
    }
    for (const std::string lie : {"no", "No", "NO", "off", "Off", "OFF", "false", "null", "~"}) {
        const Config config =
            load("server: {host: h, username: u, password: p, ssl: " + lie +
                 "}\n"
                 "virtual_hosts: {a: {queue: q, exchanges: {m: {type: direct}}}}\n");
        ASSERT_EQ(config.listeners.size(), 1U);
        EXPECT_EQ(config.listeners[0].options.url, "amqp://u:p@h/a");
    }
    for (const std::string none : {"yEs", "'yes'", "y", "1", "oN"}) {
        problems("server: {host: h, username: u, password: p, ssl: " + none +
                 "}\n"
                 "virtual_hosts: {a: {queue: q, exchanges: {m: {type: direct}}}}\n");
    }
}

TEST_F(ConfigFile, WhatABrokerWouldRefuseIsFoundBefore) {
    const auto found = problems(R"(listeners:
  - {amqp: "amqp://h", queue: a, queue_type: quorum, durable: false}
  - {amqp: "amqp://h", queue: b, arguments: {x-queue-type: quorum}, exclusive: true}
  - {amqp: "amqp://h", queue: c, arguments: {x-queue-type: stream}}
  - {amqp: "amqp://h", queue: d, queue_type: classic, arguments: {x-queue-type: quorum}}
  - {amqp: "amqp://h", queue: amq.mine}
  - {amqp: "amqp://h", queue: f, methods: [amq.mine]}
  - {amqp: "amqps://h?cacertfile=/nowhere.pem", queue: g}
  - {amqp: "amqp://h?queue=h&x=1", queue_type: quorum, auto_delete: yes}
)");
    const std::vector<std::string> parts{
        "warren.yml:2: listeners[0].durable: A quorum queue is durable, shared and stays: it "
        "cannot "
        "be "
        "with 'durable: false'",
        "warren.yml:3: listeners[1].exclusive: A quorum queue is durable, shared and stays: it "
        "cannot "
        "be "
        "with 'exclusive: true'",
        "warren.yml:4: listeners[2].arguments.x-queue-type: A stream keeps what was read",
        "warren.yml:5: listeners[3].arguments.x-queue-type: The queue's type stands twice",
        "warren.yml:6: listeners[4].amqp: The queue 'amq.mine' cannot be",
        "warren.yml:7: listeners[5].amqp: The exchange 'amq.mine' cannot be",
        "warren.yml:8: listeners[6].amqp: The file of certificate authorities '/nowhere.pem' "
        "cannot "
        "be used: No such file or directory",
        "warren.yml:9: listeners[7].amqp: Unknown parameter 'x'"};
    ASSERT_EQ(found.size(), parts.size()) << testing::PrintToString(found);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_TRUE(found[i].starts_with(parts[i])) << found[i];
    }
    const auto named = [](std::size_t bytes) {
        return "listeners: [{amqp: 'amqp://h', queue: " + std::string(bytes, 'q') + ", methods: [" +
               std::string(bytes, 'm') + "]}]\n";
    };
    EXPECT_EQ(load(named(255)).listeners.size(), 1U);
    EXPECT_EQ(problems(named(256)),
              std::vector<std::string>{
                  "warren.yml:1: listeners[0].amqp: The name of the queue has 256 bytes, and may "
                  "have 255"});
    const Config config = load(
        "listeners: [{amqp: 'amqp://h', queue: a, arguments: {x-queue-type: quorum}}, "
        "{amqp: 'amqp://h', queue: b, methods: [amq.direct]}]\n");
    EXPECT_EQ(config.listeners.size(), 2U);
}

TEST_F(ConfigFile, QueuesThatABrokerWouldRefuseOrThatEatTheirLettersAreFound) {
    const auto found = problems(R"(listeners:
  - {amqp: "amqp://h", queue: a, queue_type: quorum, dead_letter_queue: a}
  - {amqp: "amqp://h", queue: b, dead_letter_queue: letters}
  - {amqp: "amqp://h", queue: c, queue_type: quorum, arguments: {x-max-priority: 3}}
  - {amqp: "amqp://h", queue: d, queue_type: quorum, arguments: {x-queue-mode: lazy}}
  - {amqp: "amqp://h", queue: e, arguments: {x-message-ttl: -1}}
  - {amqp: "amqp://h", queue: f, arguments: {x-message-ttl: soon}}
  - {amqp: "amqp://h", queue: g, arguments: {x-expires: 0}}
  - {amqp: "amqp://h", queue: a.#, exchanges: {m: {type: topic}}}
  - {amqp: "amqp://h", queue: i, exchanges: {m: {type: topic}}}
  - {amqp: "amqp://h", queue: j, exchanges: {m: {type: direct}}}
  - {amqp: "amqp://h", queue: k, return_dropped: true, arguments: {x-dead-letter-exchange: x}}
)");
    const std::vector<std::string> parts{
        "warren.yml:2: listeners[0].dead_letter_queue: The queue 'a' cannot be its own "
        "'dead_letter_q",
        "warren.yml:3: listeners[1].dead_letter_queue: 'dead_letter_queue' is of quorum queues",
        "warren.yml:4: listeners[2].arguments.x-max-priority: A quorum queue cannot be with the "
        "argument 'x-max-pri",
        "warren.yml:5: listeners[3].arguments.x-queue-mode: A quorum queue cannot be with the "
        "argument 'x-queue-mo",
        "warren.yml:6: listeners[4].arguments.x-message-ttl: The argument 'x-message-ttl' of the "
        "queue must be",
        "warren.yml:7: listeners[5].arguments.x-message-ttl: The argument 'x-message-ttl' of the "
        "queue must be",
        "warren.yml:8: listeners[6].arguments.x-expires: The argument 'x-expires' of the queue "
        "must be a whole",
        "warren.yml:9: listeners[7].amqp: The queue 'a.#' cannot be bound to the exchange 'm'",
        "warren.yml:11: listeners[9].amqp: The exchange 'm' at ",
        "warren.yml:12: listeners[10].return_dropped: 'return_dropped' cannot be with the argument "
        "'x-dead-"};
    ASSERT_EQ(found.size(), parts.size()) << testing::PrintToString(found);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_TRUE(found[i].starts_with(parts[i])) << found[i];
    }
    load(R"(listeners:
  - {amqp: "amqp://h", queue: "#", exchanges: {m: {type: direct}}, dead_letter_queue: null}
  - {amqp: "amqp://h", queue: a#b, exchanges: {n: {type: topic}}, arguments: {x-message-ttl: 0}}
  - {amqp: "amqp://h/other", queue: c, exchanges: {m: {type: topic}}, arguments: {x-expires: 1}}
  - {amqp: "amqp://h", queue: d, methods: [m], arguments: {x-max-priority: 3}}
)");
}

TEST_F(ConfigFile, WhatIsWrongWithAQueueIsToldAtItsKey) {
    const auto found = problems(R"(listeners:
  - amqp: "amqp://h"
    queue: a
    queue_type: quorum
    arguments:
      x-max-length: 3
      x-queue-mode: lazy
  - memory: m
    queue: b
    auto_delete: yes
    arguments: {x-queue-type: quorum}
  - amqp: "amqp://h"
    queue: c
    arguments:
      x-queue-type: other
)");
    const std::vector<std::string> parts{
        "warren.yml:7: listeners[0].arguments.x-queue-mode: A quorum queue cannot be with",
        "warren.yml:10: listeners[1].auto_delete: A quorum queue is durable, shared and stays",
        "warren.yml:15: listeners[2].arguments.x-queue-type: Unknown type 'other' of the queue"};
    ASSERT_EQ(found.size(), parts.size()) << testing::PrintToString(found);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_TRUE(found[i].starts_with(parts[i])) << found[i];
    }
}

TEST_F(ConfigFile, ALoginByCertificateNeedsOne) {
    const auto found = problems(R"(listeners:
  - {amqp: "amqps://h?auth_mechanism=external", queue: a}
proxies:
  - from: {tcp: "h:1"}
    to:
      amqp: "amqps://h?queue=q"
      auth_mechanism: external
)");
    ASSERT_EQ(found.size(), 2U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].starts_with("warren.yml:2: listeners[0].amqp: The parameter 'auth_mech"))
        << found[0];
    EXPECT_TRUE(found[1].starts_with(
        "warren.yml:7: proxies[0].to.auth_mechanism: The parameter 'auth_mechanism' is external"))
        << found[1];
}

TEST_F(ConfigFile, FilesOfABrokersTlsAreNamedAtTheirKeys) {
    write("text.pem", "no PEM at all");
    test::write_dated_certificate(directory_ + "/fine.pem", std::chrono::hours{-1},
                                  std::chrono::hours{1});
    test::write_dated_certificate(directory_ + "/other.pem", std::chrono::hours{-1},
                                  std::chrono::hours{1});
    const auto found = problems(R"(listeners:
  - {amqp: "amqps://h", queue: a, tls: {ca: absent.pem}}
  - amqp: "amqps://h"
    queue: b
    tls:
      certificate: fine.pem
      key: other.pem
  - {amqp: "amqps://h", queue: c, tls: {ca: text.pem}}
proxies:
  - from: {tcp: "h:1"}
    to:
      amqp: "amqps://h?queue=q"
      tls: {ca: absent.pem}
  - {from: {tcp: "h:2"}, to: "tls://h:3?certificate=/nowhere.pem"}
)");
    const std::vector<std::string> parts{
        "warren.yml:2: listeners[0].tls.ca: ", "warren.yml:7: listeners[1].tls.key: ",
        "warren.yml:8: listeners[2].tls.ca: ", "warren.yml:13: proxies[0].to.tls.ca: ",
        "warren.yml:14: proxies[1]: The client "};
    ASSERT_EQ(found.size(), parts.size()) << testing::PrintToString(found);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_TRUE(found[i].starts_with(parts[i])) << found[i];
    }
}

TEST_F(ConfigFile, APortThatIsTakenIsFoundBesideOtherMistakes) {
    EXPECT_EQ(problems("listeners:\n"
                       "  - {tcp: '127.0.0.1:81', fernet_key: none}\n"
                       "  - {tcp: '127.0.0.1:81', auth_secret: short}\n"
                       "proxies:\n"
                       "  - {from: 'tcp://127.0.0.1:81', to: 'tcp://h:1'}\n")
                  .size(),
              4U);
}

TEST_F(ConfigFile, AMissingFileAndOneThatIsNoYaml) {
    const auto config = load_config(directory_ + "/nowhere.yml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error(),
              std::vector<std::string>{directory_ +
                                       "/nowhere.yml: cannot be read: No such file or directory"});
    const auto found = problems("workers: 1\nlisteners: [\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("is no valid YAML"), std::string::npos) << found[0];
}

TEST_F(ConfigFile, WhatBeginsNoValueIsRefusedAtItsPlace) {
    for (const auto& [text, line, column] :
         {std::tuple{",isteners: []\n", 1, 1}, {"---\n,\n", 2, 1}, {"[workers] ,\n", 1, 11}}) {
        EXPECT_EQ(problems(text),
                  std::vector<std::string>{"warren.yml:" + std::to_string(line) +
                                           ": is no valid YAML: no value begins with what stands "
                                           "in column " +
                                           std::to_string(column)});
    }
    for (const std::string text : {"workers: 1\n---\nworkers: 1\n", "---\n---\n", "a\n...\nb\n"}) {
        EXPECT_EQ(problems(text),
                  std::vector<std::string>{
                      "warren.yml: holds several documents ('---'), but one is wanted"});
    }
    for (const std::string text : {"", "# nothing\n", "---\n", "...\n"}) {
        EXPECT_EQ(problems(text), std::vector<std::string>{"warren.yml: is empty"});
    }
}

TEST_F(ConfigFile, AQueueThatIsMissingIsMissedAtItsKey) {
    EXPECT_EQ(problems("listeners: [{amqp: 'amqp://h'}, {amqp: 'amqp://h', protocol: tutorial, "
                       "method: a}, {amqp: 'amqp://h?queue=q'}, "
                       "{amqp: 'amqp://h?protocol=tutorial', methods: [a]}]\n"),
              std::vector<std::string>{"warren.yml:1: listeners[0].queue: missing"});
}

TEST_F(ConfigFile, AnAddressWithoutAPortSaysHowOneLooks) {
    EXPECT_EQ(problems("listeners: [{tcp: 8080}]\n"),
              std::vector<std::string>{"warren.yml:1: listeners[0].tcp: expected HOST:PORT, such "
                                       "as 127.0.0.1:8080, or systemd:NAME of a .socket unit"});
}

TEST_F(ConfigFile, ListenersOfSocketsThatSystemdPasses) {
    const Config config = load(R"(drain_delay: 5s
admin: {address: {fd: watching}}
listeners:
  - {tcp: "systemd:calls", methods: [add]}
  - {tcp: {fd: "other calls"}}
  - {tcp: "127.0.0.1:8080", reuse_port: true}
)");
    EXPECT_EQ(config.server.drain_delay, std::chrono::seconds{5});
    EXPECT_EQ(config.admin_socket_name, "watching");
    EXPECT_EQ(config.server.admin_address, "");
    ASSERT_EQ(config.listeners.size(), 3U);
    EXPECT_EQ(config.listeners[0].socket_name, "calls");
    EXPECT_EQ(config.listeners[1].socket_name, "other calls");
    EXPECT_EQ(config.listeners[2].socket_name, "");
    EXPECT_TRUE(config.listeners[2].options.tcp.reuse_port);
    EXPECT_FALSE(config.listeners[0].options.tcp.reuse_port);
}

TEST_F(ConfigFile, SocketsThatCannotBeNamedSo) {
    const auto found = problems(R"(listeners:
  - {tcp: "systemd:"}
  - {tcp: {fd: "a:b"}}
  - {tcp: {file: 3}}
  - {tcp: "systemd:a", reuse_port: true}
  - {memory: m, reuse_port: true}
)");
    ASSERT_EQ(found.size(), 6U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].starts_with("warren.yml:2: listeners[0].tcp: expected systemd:NAME"));
    EXPECT_TRUE(found[1].starts_with("warren.yml:3: listeners[1].tcp: expected systemd:NAME"));
    EXPECT_TRUE(found[4].contains("leave reuse_port out")) << found[4];
    EXPECT_TRUE(found[5].contains("reuse_port")) << found[5];
}

TEST_F(ConfigFile, TwoListenersAtOnePortAreRefused) {
    EXPECT_EQ(problems("admin: {address: '127.0.0.1:82'}\n"
                       "listeners:\n"
                       "  - {tcp: '127.0.0.1:81'}\n"
                       "  - {tcp: '127.0.0.2:81'}\n"
                       "  - {tcp: '*:81'}\n"
                       "  - {tcp: '*:0'}\n"
                       "  - {tcp: '*:0'}\n"
                       "  - {tcp: '127.0.0.1:82'}\n"),
              (std::vector<std::string>{
                  "warren.yml:5: listeners[2].tcp: this port is taken by listeners[0] in line 3",
                  "warren.yml:8: listeners[5].tcp: this port is taken by 'admin'"}));
}

TEST_F(ConfigFile, ListenersAtOneQueueServeTheSame) {
    const auto found = problems(
        "listeners:\n"
        "  - {amqp: 'amqp://h/', queue: q, methods: [a]}\n"
        "  - {amqp: 'amqp://h/', queue: q, methods: [a]}\n"
        "  - {amqp: 'amqp://h/', queue: other, methods: [b]}\n"
        "  - {amqp: 'amqp://h/', queue: q, methods: [b]}\n"
        "proxies: [{from: {amqp: 'amqp://h/', queue: q}, to: 'tcp://b:1'}]\n");
    ASSERT_EQ(found.size(), 2U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].starts_with("warren.yml:5: listeners[3].amqp: The queue 'q' at "))
        << found[0];
    EXPECT_TRUE(found[0].ends_with("(the other is listeners[0] in line 2)")) << found[0];
    EXPECT_TRUE(found[1].starts_with("warren.yml:6: proxies[0]: takes the queue")) << found[1];
}

TEST_F(ConfigFile, AnExchangeThatCopiesWhatItGetsIsRefused) {
    for (const char* const type : {"fanout", "headers"}) {
        const auto found = problems(
            "listeners:\n"
            "  - amqp: 'amqp://h/'\n"
            "    queue: q\n"
            "    exchanges: {m: {type: " +
            std::string{type} + "}}\n");
        ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
        EXPECT_TRUE(
            found[0].starts_with("warren.yml:4: listeners[0].exchanges.m.type: The exchange "
                                 "'m' is of type '"))
            << found[0];
    }
}

TEST_F(ConfigFile, OnePortIsOneHoweverItsAddressIsWritten) {
    const auto refused = [this](const std::string& one, const std::string& other) {
        const std::string text =
            "listeners:\n  - {tcp: '" + one + "'}\n  - {tcp: '" + other + "'}\n";
        return !load_config(write("warren.yml", text));
    };
    for (const char* const host : {"localhost", "LocalHost", "127.0.0.1", "0.0.0.0", "*"}) {
        EXPECT_TRUE(refused("localhost:81", std::string{host} + ":81")) << host;
        EXPECT_TRUE(refused(std::string{host} + ":81", "127.0.0.1:81")) << host;
        EXPECT_FALSE(refused(std::string{host} + ":81", "localhost:82")) << host;
    }
    EXPECT_TRUE(refused("localhost:81", "[::1]:81"));
    EXPECT_TRUE(refused("[0:0::1]:81", "[::1]:81"));
    EXPECT_TRUE(refused("[::]:81", "[::1]:81"));
    EXPECT_TRUE(refused("*:81", "[::1]:81"));
    EXPECT_TRUE(refused("server:81", "*:81"));
    // Each takes the connections of its own version of IP.
    EXPECT_FALSE(refused("127.0.0.1:81", "[::1]:81"));
    EXPECT_FALSE(refused("0.0.0.0:81", "[::]:81"));
    EXPECT_FALSE(refused("server:81", "other:81"));
}

TEST_F(ConfigFile, ACertificateOutOfItsTimeIsAWarning) {
    using std::chrono::hours;
    test::write_dated_certificate(directory_ + "/fine.pem", hours{-1}, hours{1});
    test::write_dated_certificate(directory_ + "/past.pem", hours{-2}, hours{-1});
    const Config config = load(
        "listeners:\n"
        "  - {tcp: '*:1', tls: {certificate: fine.pem}}\n"
        "  - {tcp: '*:2', tls: {certificate: past.pem}}\n");
    EXPECT_TRUE(config.listeners[0].warnings.empty());
    ASSERT_EQ(config.listeners[1].warnings.size(), 1U);
    const std::string& warning = config.listeners[1].warnings[0];
    EXPECT_TRUE(warning.starts_with(directory_ +
                                    "/warren.yml:3: listeners[1].tls.certificate: The certificate "
                                    "'" +
                                    directory_ + "/past.pem' has expired"))
        << warning;
}

TEST_F(ConfigFile, FilesOfTlsAreNamedAtTheirKeys) {
    write("text.pem", "no PEM at all");
    const auto found = problems(
        "listeners:\n"
        "  - {tcp: 'h:1', tls: {certificate: absent.pem, key: text.pem}}\n"
        "  - {tcp: 'h:2', tls: {certificate: text.pem}}\n");
    const std::string end = "' cannot be used: ";
    EXPECT_EQ(found, (std::vector<std::string>{
                         "warren.yml:2: listeners[0].tls.certificate: The certificate '" +
                             directory_ + "/absent.pem" + end + "No such file or directory",
                         "warren.yml:3: listeners[1].tls.certificate: The certificate '" +
                             directory_ + "/text.pem" + end + "it holds no certificate in PEM"}));
}

TEST_F(ConfigFile, SecretsComeFromTheEnvironmentOrAFile) {
    setenv("WARREN_TEST_PASSWORD", "from environment", 1);
    write("key", std::string{key} + "\n");
    const Config config = load(
        "server: {host: h, username: 'a$${b', password: \"${WARREN_TEST_PASSWORD}\", port: 1}\n"
        "virtual_hosts: {t: {queue: q, fernet_key: {file: key}, exchanges: {m: null}}}\n");
    ASSERT_EQ(config.listeners.size(), 1U);
    EXPECT_EQ(config.listeners[0].options.url, "amqp://a%24%7Bb:from%20environment@h:1/t");
    EXPECT_EQ(config.listeners[0].options.fernet_keys, std::vector<std::string>{key});
}

TEST_F(ConfigFile, AVariableThatIsNotSetIsNamed) {
    unsetenv("WARREN_TEST_NOT_SET");
    EXPECT_EQ(problems("listeners: [{memory: \"${WARREN_TEST_NOT_SET}\"}]\n"),
              std::vector<std::string>{"warren.yml:1: listeners[0].memory: environment variable "
                                       "'WARREN_TEST_NOT_SET' is not set"});
}

TEST_F(ConfigFile, NoProblemShowsASecret) {
    const auto found = problems(
        "listeners:\n"
        "  - {amqp: \"amqp://user:hush@h:port/\", queue: q, fernet_key: hush-key}\n");
    ASSERT_EQ(found.size(), 2U);
    for (const std::string& problem : found) {
        EXPECT_EQ(problem.find("hush"), std::string::npos) << problem;
    }
}

TEST_F(ConfigFile, SaysWhereTheServerIsWatched) {
    const std::string listeners = "listeners: [{memory: test}]\n";
    EXPECT_EQ(load(listeners).server.admin_address, "");
    EXPECT_EQ(load(listeners + "admin: {}").server.admin_address, "127.0.0.1:9095");
    const Config config = load(listeners + "admin: {address: '*:0', arrpc_names: true}");
    EXPECT_EQ(config.server.admin_address, "*:0");
    EXPECT_TRUE(config.server.arrpc_metrics);
    const auto lines = problems(listeners + "admin: {address: here, arrpc_name: true}");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[0].find("admin.address"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("should be HOST:PORT"), std::string::npos) << lines[0];
    EXPECT_NE(lines[1].find("arrpc_name"), std::string::npos) << lines[1];
}

}  // namespace
}  // namespace warren::app
