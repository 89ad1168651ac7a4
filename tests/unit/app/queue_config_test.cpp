#include "unit/app/config_file.hpp"

#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

TEST_F(ConfigFile, ArgumentsThatABrokerWouldRefuseAreFound) {
    const std::string before = "listeners: [{amqp: 'amqp://h', queue: q, methods: [m], ";
    struct Case {
        std::string argument;
        std::string refused;  // empty: it is taken
    };
    for (const auto& [argument, refused] : std::vector<Case>{
             {"x-overflow: bogus",
              "x-overflow' of the queue must be one of: drop-head, reject-publish"},
             {"x-overflow: 1", "x-overflow' of the queue must be one of"},
             {"x-overflow: reject-publish", ""},
             {"x-queue-mode: hasty", "x-queue-mode' of the queue must be one of: default, lazy"},
             {"x-max-priority: 300", "x-max-priority' of the queue must be a whole number from 0"},
             {"x-max-priority: 255", ""},
             {"x-message-ttl: 315360000001", "x-message-ttl' of the queue must be a whole number"},
             {"x-max-length: -1", "x-max-length' of the queue must be a whole number of at least"},
             {"x-queue-version: 3", "x-queue-version' of the queue must be a whole number from 1"},
             {"x-single-active-consumer: 1", "x-single-active-consumer' of the queue must be true"},
             {"x-dead-letter-exchange: 3", "x-dead-letter-exchange' of the queue must be text"},
             {"x-dead-letter-routing-key: a", "x-dead-letter-routing-key' of the queue needs"},
             {"x-queue-type: quorum, x-delivery-limit: abc", "x-delivery-limit' of the queue must"},
             {"x-queue-type: classic, x-delivery-limit: 3", "A classic queue cannot be with the"},
             {"x-queue-type: quorum, x-queue-version: 2", "A quorum queue cannot be with the"},
             {"x-of-a-plugin: anything", ""}}) {
        const std::string content = before + "arguments: {" + argument + "}}]\n";
        if (refused.empty()) {
            EXPECT_EQ(load(content).listeners.size(), 1U) << argument;
            continue;
        }
        const auto found = problems(content);
        ASSERT_EQ(found.size(), 1U) << argument;
        EXPECT_TRUE(found[0].starts_with("warren.yml:1: listeners[0].arguments.x-")) << found[0];
        EXPECT_TRUE(found[0].contains(refused)) << found[0];
    }
}

TEST_F(ConfigFile, WhatContradictsTheBrokersVersionIsToldAtItsKey) {
    const std::string before = "listeners: [{amqp: 'amqp://h', queue: q, methods: [m], ";
    const std::string at = "warren.yml:1: listeners[0].";
    for (const char* const taken :
         {"compat: '4.3'", "compat: 4.3", "compat: '4.3', durable: true",
          "compat: '4.3', durable: false, exclusive: true", "durable: false"}) {
        EXPECT_EQ(load(before + taken + "}]\n").listeners.size(), 1U) << taken;
    }
    EXPECT_EQ(load(before + "compat: 4.3}]\n").listeners[0].options.queue.compat, "4.3");
    for (const auto& [wrong, said] : std::vector<std::pair<std::string, std::string>>{
             {"compat: '4.3', durable: false",
              "durable: 'durable: false' cannot be with 'compat: "},
             {"compat: '4.3', arguments: {x-queue-mode: lazy}",
              "arguments.x-queue-mode: The argument 'x-queue-mode' of the queue cannot be with"},
             {"compat: '4.2'", "compat: "}}) {
        const auto found = problems(before + wrong + "}]\n");
        ASSERT_EQ(found.size(), 1U) << wrong;
        EXPECT_TRUE(found[0].starts_with(at + said)) << found[0];
        EXPECT_TRUE(found[0].contains("4.3")) << found[0];
    }
}

TEST_F(ConfigFile, ListenersOfOneQueueAreAlike) {
    const std::string first_key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const std::string other_key = "kQ7nJv0gk0vYF0yV2m9sN8rD1bX5cT4aLwE6uZ3hPqI=";
    struct Case {
        std::string one;
        std::string other;
        std::string differs;  // empty: nothing
    };
    const std::string queue = "queue: q, methods: [m]";
    const std::string callme = "protocol: callme, server_id: s, methods: [m]";
    const std::string keyed = queue + ", fernet_key: " + first_key;
    for (const auto& [one, other, differs] : std::vector<Case>{
             {queue, queue, ""},
             {keyed, keyed, ""},
             {keyed, queue, "other secrets"},
             {queue, keyed, "other secrets"},
             {keyed, queue + ", fernet_key: " + other_key, "other secrets"},
             {keyed, keyed + ", accept_clear_secrets: true", "other secrets"},
             {callme, callme, ""},
             {callme, callme + ", threaded: true", ""},
             {callme, callme + ", format: pickle", ""},
             {callme, callme + ", format: json", "another 'format'"},
             {callme + ", format: json", callme + ", format: msgpack", "another 'format'"},
             {queue + ", exclusive: true", queue + ", exclusive: true", "(exclusive)"},
             {queue, queue + ", exclusive: true", "(exclusive)"},
             {queue, queue + ", durable: false", "another shape"},
             {queue, queue + ", durable: true", ""},
             {queue, queue + ", queue_type: quorum", "another shape"},
             {queue, queue + ", arguments: {x-max-length: 3}", "another shape"},
             {queue + ", acknowledge: before", queue + ", max_simultaneous_requests: 3", ""},
             {"queue: q, exchanges: {m: {durable: true}}", "queue: r, methods: [m]",
              "The exchange 'm' at amqp://h:5672 has one shape"}}) {
        const std::string content = "listeners:\n  - {amqp: 'amqp://h', " + one +
                                    "}\n  - {amqp: 'amqp://h', " + other + "}\n";
        if (differs.empty()) {
            EXPECT_EQ(load(content).listeners.size(), 2U) << content;
            continue;
        }
        const auto found = problems(content);
        ASSERT_EQ(found.size(), 1U) << content;
        EXPECT_TRUE(found[0].starts_with("warren.yml:3: listeners[1].amqp: The ")) << found[0];
        EXPECT_TRUE(found[0].contains(differs)) << found[0];
        EXPECT_TRUE(found[0].ends_with("(the other is listeners[0] in line 2)")) << found[0];
        EXPECT_FALSE(found[0].contains(first_key)) << "it is a secret";
    }
}

}  // namespace
}  // namespace warren::app
