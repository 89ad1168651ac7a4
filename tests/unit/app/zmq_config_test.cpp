#include "app/config/config.hpp"
#include "transport/zmq/curve_keys.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::app {
namespace {

using Texts = std::vector<std::string>;

class ZmqConfig : public ConfigFile {
protected:
    const transport::CurveKeyPair keys = *transport::make_curve_keys();
};

TEST_F(ZmqConfig, IsReadAsItIs) {
    const Config config =
        load(R"(listeners:
  - {zmq: "tcp://*:30000", protocol: pyzmqrpc, username: u, password: p, allow_shutdown: true}
  - {zmq: "tcp://publisher:30001", socket: sub, protocol: pyzmqrpc, silence_timeout: 60s}
  - zmq: ["tcp://127.0.0.1:1", "ipc:///run/a b, c", "inproc://quick"]
    socket: rep
    side: connect
    methods: [add]
    high_water_mark: 7
    auth_secret: a secret of enough bytes
    connections_max: 8
  - {zmq: "tcp://*:0", curve: {secret_key: ")" +
             keys.secret_key + "\", client_keys: [\"" + keys.public_key + "\"]}}\n");
    ASSERT_EQ(config.listeners.size(), 4U);
    const ListenerOptions& plain = config.listeners[0].options;
    EXPECT_EQ(plain.url, "zmq+tcp://*:30000");
    EXPECT_EQ(plain.protocol, "pyzmqrpc");
    EXPECT_EQ(plain.zmq.username, "u");
    EXPECT_EQ(plain.zmq.password, "p");
    EXPECT_TRUE(plain.zmq.allow_shutdown);
    const ListenerOptions& subscribed = config.listeners[1].options;
    EXPECT_EQ(subscribed.url, "zmq+tcp://publisher:30001");
    EXPECT_EQ(subscribed.zmq.socket, ZmqListenerSocket::sub);
    EXPECT_EQ(subscribed.zmq.silence_timeout, std::chrono::minutes{1});
    EXPECT_FALSE(subscribed.zmq.allow_shutdown);
    const ListenerOptions& several = config.listeners[2].options;
    EXPECT_EQ(several.url,
              "zmq+tcp://127.0.0.1:1,zmq+ipc://%2Frun%2Fa%20b%2C%20c,zmq+inproc://quick");
    EXPECT_EQ(several.zmq.side, ZmqSide::connect);
    EXPECT_EQ(several.zmq.high_water_mark, 7U);
    EXPECT_EQ(several.methods, Texts{"add"});
    EXPECT_EQ(several.auth_secrets.size(), 1U);
    EXPECT_EQ(several.limits.connections_max, 8U);
    const ListenerOptions& curve = config.listeners[3].options;
    EXPECT_EQ(curve.zmq.secret_key, keys.secret_key);
    EXPECT_EQ(curve.zmq.client_keys, Texts{keys.public_key});
}

TEST_F(ZmqConfig, KeysAndSecretsHaveNamesInAMap) {
    const std::string start = "listeners:\n  - zmq: \"tcp://*:0\"\n    ";
    const auto options = [&](const std::string& keys_of_listener) {
        return load(start + keys_of_listener).listeners.at(0).options;
    };
    const std::string secret_key = "secret_key: \"" + keys.secret_key + "\"";
    const ListenerOptions curve = options("curve: {" + secret_key + ", client_keys: {\"a, b\": \"" +
                                          keys.public_key + "\"}}\n");
    EXPECT_EQ(curve.zmq.client_keys, Texts{keys.public_key});
    EXPECT_EQ(curve.zmq.client_names, Texts{"a, b"});
    const ListenerOptions signing =
        options("auth_secrets: {billing: a secret of enough bytes, shop: one of enough bytes}\n");
    EXPECT_EQ(signing.auth_names, (Texts{"billing", "shop"}));
    EXPECT_EQ(signing.auth_secrets, (Texts{"a secret of enough bytes", "one of enough bytes"}));
    EXPECT_EQ(problems(start + "auth_secrets: {file: a secret of enough bytes}\n"),
              Texts{"warren.yml:3: listeners[0].auth_secrets.file: would be the name of who has a "
                    "secret: write a list, [{file: PATH}], or 'NAME: {file: PATH}'"});
    EXPECT_EQ(problems(start + "auth_secrets: {}\n"),
              Texts{"warren.yml:3: listeners[0].auth_secrets: must not be empty"});
}

TEST_F(ZmqConfig, WhatItCannotBeIsSaidAtItsLine) {
    const auto problem = [this](const std::string& listener) {
        const Texts found = problems("listeners:\n  - {" + listener + "}\n");
        return found.empty() ? std::string{} : found[0];
    };
    const std::string at = "warren.yml:2: listeners[0].";
    EXPECT_EQ(problem("zmq: \"*:30000\""),
              at + "zmq: expected an endpoint such as \"tcp://*:30000\", ipc:///PATH or "
                   "inproc://NAME");
    EXPECT_EQ(problem("zmq: [\"tcp://*:1\", x]"),
              at + "zmq[1]: expected an endpoint such as \"tcp://*:30000\", ipc:///PATH or "
                   "inproc://NAME");
    EXPECT_TRUE(problem("zmq: \"tcp://*\"").starts_with(at + "zmq: Name the port"));
    EXPECT_TRUE(problem("zmq: \"tcp://*:1\", socket: pub").starts_with(at + "socket: "));
    EXPECT_TRUE(problem("zmq: \"tcp://*:1\", protocol: arrpc").starts_with(at + "protocol: "));
    EXPECT_TRUE(problem("zmq: \"tcp://*:1\", queue: q").starts_with(at + "queue: "));
    EXPECT_EQ(problem("zmq: \"tcp://*:1\", username: u"),
              at + "zmq: Give both 'username' and 'password', or none of them");
    EXPECT_EQ(problem("zmq: \"tcp://*:1\", allow_shutdown: true"),
              at + "zmq: 'allow_shutdown' is of the protocol pyzmqrpc");
    EXPECT_TRUE(problem("zmq: \"tcp://*:1\", curve: {secret_key: short}")
                    .contains("`warren keygen --curve` prints a pair"));
    EXPECT_TRUE(problem("zmq: \"tcp://*:1\", curve: {}").starts_with(at + "curve: has no key"));
    EXPECT_EQ(problem("zmq: \"tcp://*:1\", socket: sub"),
              at + "zmq: A side that connects needs a host and a port, not '*' or 0");
}

TEST_F(ZmqConfig, APortIsListenedAtOnce) {
    const auto refused = [this](const std::string& first, const std::string& second) {
        return problems("listeners:\n  - {" + first + "}\n  - {" + second + "}\n");
    };
    const Texts taken{
        "warren.yml:3: listeners[1].zmq: this port is taken by listeners[0] in line 2"};
    EXPECT_EQ(refused("zmq: \"tcp://*:1\"", "zmq: \"tcp://127.0.0.1:1\""), taken);
    EXPECT_EQ(refused("zmq: [\"tcp://h:1\", \"tcp://h:2\"]", "zmq: [\"ipc:///x\", \"tcp://h:2\"]"),
              taken);
    EXPECT_EQ(refused("tcp: \"*:1\"", "zmq: \"tcp://*:1\""), taken);
    EXPECT_EQ(refused("zmq: ipc:///tmp/a.s", "zmq: ipc:///tmp/./a.s"),
              Texts{"warren.yml:3: listeners[1].zmq: ipc:///tmp/a.s is taken by listeners[0] in "
                    "line 2"});
    EXPECT_EQ(refused("zmq: [ipc:///tmp/a.s, \"tcp://*:2\", ipc:///tmp/../tmp/a.s]",
                      "zmq: \"tcp://*:1\""),
              Texts{"warren.yml:2: listeners[0].zmq: names the endpoint ipc:///tmp/a.s twice"});
    EXPECT_EQ(refused("zmq: [\"tcp://*:2\", \"tcp://h:2\"]", "zmq: \"tcp://*:1\""),
              Texts{"warren.yml:2: listeners[0].zmq: names the endpoint *:2 twice"});
    load(
        "listeners:\n"
        "  - {zmq: \"tcp://h:1\"}\n"
        "  - {zmq: \"tcp://h:1\", socket: sub}\n"
        "  - {zmq: \"tcp://h:2\"}\n"
        "  - {zmq: \"tcp://*:0\"}\n"
        "  - {zmq: \"tcp://*:0\"}\n");
}

}  // namespace
}  // namespace warren::app
