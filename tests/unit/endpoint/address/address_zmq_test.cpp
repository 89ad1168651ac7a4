#include "core/percent.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_config.hpp"
#include "transport/zmq/curve_keys.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr char password[] = "tr0ub4dor&3";

ZmqAddress read(const std::string& text, AddressRole role = AddressRole::client) {
    const auto address = parse_address(text, role);
    if (!address) {
        ADD_FAILURE() << text << ": " << address.error().message;
        return {};
    }
    return std::get<ZmqAddress>(address->transport);
}

std::string refusal(const std::string& text, AddressRole role = AddressRole::client) {
    const auto address = parse_address(text, role);
    if (address) {
        ADD_FAILURE() << text << " was taken";
        return {};
    }
    EXPECT_EQ(address.error().code, Code::invalid_request);
    EXPECT_FALSE(address.error().message.contains(password)) << address.error().message;
    return address.error().message;
}

std::string display(const std::string& text) {
    const auto address = parse_address(text);
    return address ? address->display() : address.error().message;
}

TEST(ZmqAddressOf, EndpointsAsZeroMqWritesThem) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(read("zmq+tcp://localhost:30000").endpoints, Texts{"tcp://localhost:30000"});
    EXPECT_EQ(read("zmq+tcp://[::1]:30000").endpoints, Texts{"tcp://[::1]:30000"});
    EXPECT_EQ(read("ZMQ+TCP://host:1").endpoints, Texts{"tcp://host:1"});
    EXPECT_EQ(read("zmq+ipc:///run/a%20b.sock").endpoints, Texts{"ipc:///run/a b.sock"});
    EXPECT_EQ(read("zmq+inproc://quick").endpoints, Texts{"inproc://quick"});
    EXPECT_EQ(read("zmq+tcp://*:0", AddressRole::listener).endpoints, Texts{"tcp://*:0"});
}

TEST(ZmqAddressOf, SeveralEndpointsAndKindsOfThem) {
    EXPECT_EQ(read("zmq+tcp://a:1,b:2,zmq+ipc:///x,/y").endpoints,
              (std::vector<std::string>{"tcp://a:1", "tcp://b:2", "ipc:///x", "ipc:///y"}));
    EXPECT_EQ(display("zmq+tcp://a:1,b:2,zmq+ipc:///x,/y?socket=req"),
              "zmq+tcp://a:1,b:2,zmq+ipc:///x,/y");
}

TEST(ZmqAddressOf, SocketsAndTheirSides) {
    using enum ZmqSocketType;
    EXPECT_EQ(read("zmq+tcp://a:1").socket, dealer);
    EXPECT_EQ(read("zmq+tcp://a:1?socket=req").socket, req);
    const ZmqAddress published = read("zmq+tcp://*:1?socket=pub");
    EXPECT_EQ(published.socket, pub);
    EXPECT_EQ(published.side, ZmqSide::bind);
    EXPECT_TRUE(published.waits_for_subscriber);
    EXPECT_EQ(read("zmq+tcp://a:1?socket=pub&side=connect").side, ZmqSide::connect);
    EXPECT_EQ(read("zmq+tcp://*:1", AddressRole::listener).socket, router);
    EXPECT_EQ(read("zmq+tcp://*:1?socket=rep", AddressRole::listener).side, ZmqSide::bind);
    EXPECT_EQ(read("zmq+tcp://a:1?socket=sub", AddressRole::listener).side, ZmqSide::connect);
}

TEST(ZmqAddressOf, WhereNobodyCanConnectTo) {
    const std::string told = "A side that connects needs a host and a port, not '*' or 0";
    EXPECT_EQ(refusal("zmq+tcp://*:1"), told);
    EXPECT_EQ(refusal("zmq+tcp://a:1,a:0?socket=req"), told);
    EXPECT_EQ(refusal("zmq+tcp://*:1?socket=sub", AddressRole::listener), told);
    EXPECT_EQ(refusal("zmq+tcp://*:1?side=connect", AddressRole::listener), told);
    EXPECT_EQ(read("zmq+tcp://*:0?socket=pub").endpoints, std::vector<std::string>{"tcp://*:0"});
}

TEST(ZmqAddressOf, OfAnotherRole) {
    EXPECT_EQ(refusal("zmq+tcp://a:1?socket=rep"),
              "The socket 'rep' is a listener's; a client's is dealer, req or pub");
    EXPECT_EQ(refusal("zmq+tcp://a:1?socket=pub", AddressRole::listener),
              "The socket 'pub' is a client's; a listener's is router, rep or sub");
    EXPECT_EQ(refusal("zmq+tcp://a:1?socket=push"),
              "Unknown value of the parameter 'socket', 'push'; known are: dealer, req, pub");
}

TEST(ZmqAddressOf, Parameters) {
    const ZmqAddress client = read(
        "zmq+tcp://a:1,b:2?protocol=pyzmqrpc&distribution=broadcast&high_water_mark=7&"
        "connections=2&connect_timeout=3s&peer=foreign");
    EXPECT_EQ(client.distribution, ZmqDistribution::broadcast);
    EXPECT_EQ(client.high_water_mark, 7);
    EXPECT_EQ(client.connections, 2U);
    EXPECT_EQ(client.connect_timeout, std::chrono::seconds{3});
    EXPECT_EQ(client.peer, protocol::RpcPeer::foreign);
    const ZmqAddress listener = read(
        "zmq+tcp://a:1?socket=sub&silence_timeout=0s&allow_shutdown=true", AddressRole::listener);
    EXPECT_EQ(listener.silence_timeout, std::chrono::milliseconds{0});
    EXPECT_TRUE(listener.allows_shutdown);
    const ZmqAddress publisher =
        read("zmq+tcp://*:1?socket=pub&wait_for_subscriber=false&heartbeat_interval=250ms");
    EXPECT_FALSE(publisher.waits_for_subscriber);
    EXPECT_EQ(publisher.heartbeat_interval, std::chrono::milliseconds{250});
}

TEST(ZmqAddressOf, WhatIsNoAddress) {
    EXPECT_EQ(refusal("zmq+tcp://a"), "Name the port, as in zmq+tcp://HOST:PORT");
    EXPECT_EQ(refusal("zmq+tcp://a:1/path"),
              "An address over ZeroMQ has no path: zmq+tcp://HOST:PORT");
    EXPECT_TRUE(refusal("zmq+tcp://u:tr0ub4dor&3@a:1").contains("?username="));
    EXPECT_TRUE(refusal("zmq+ipc://").contains("zmq+ipc:///PATH"));
    EXPECT_TRUE(refusal("zmq+inproc://a,").contains("zmq+inproc://NAME"));
    EXPECT_TRUE(refusal("zmq+udp://a:1").contains("known are: memory, amqp"));
    EXPECT_TRUE(refusal("zmq+tcp://a:1,zmq+udp://b:2").contains("none of zmq+tcp, zmq+ipc"));
    EXPECT_EQ(refusal("zmq+tcp://a:1?protocol=arrpc"),
              "Unknown value of the parameter 'protocol', 'arrpc'; known are: msgpack-rpc, "
              "pyzmqrpc");
    EXPECT_TRUE(refusal("zmq+tcp://a:1?high_water_mark=0").contains("must be from 1 to"));
}

TEST(ZmqAddressOf, ParametersOfOtherSockets) {
    EXPECT_EQ(refusal("zmq+tcp://a:1?silence_timeout=1s"),
              "'silence_timeout' is of the sockets that are sub; this one is dealer");
    EXPECT_EQ(refusal("zmq+tcp://*:1?socket=pub&distribution=broadcast"),
              "'distribution' is of the sockets that are dealer, req; this one is pub");
    EXPECT_EQ(refusal("zmq+tcp://*:1?server_key=k", AddressRole::listener),
              "'server_key' is of the sockets that are sub, dealer, req; this one is router");
    EXPECT_TRUE(refusal("zmq+tcp://a:1?silence=1s").contains("Unknown parameter 'silence'"));
}

TEST(AddressOf, WhatMayBePartOfASecretIsNotShown) {
    for (const char* const text :
         {"zmq+tcp://a:1?username=u&password=half&of_it=x", "tls://a:1?key_password=half&of_it=x",
          "amqps://a/?queue=q&key_password=half&of_it=x", "memory:a?x_key=half&of_it=x"}) {
        const std::string why = refusal(text);
        EXPECT_FALSE(why.contains("of_it")) << why;
        EXPECT_TRUE(why.contains("nknown parameter ")) << why;
    }
    EXPECT_TRUE(refusal("amqps://a/?queue=q&key_password=half&of_it=x")
                    .starts_with("Unknown parameter number 3, after a secret; '&' in a value is "
                                 "written %26"));
    EXPECT_TRUE(refusal("tls://a:1?of_it=x&key_password=y").contains("'of_it'"));
}

TEST(AddressOf, RepliesQueuesThatTakeOthersMessagesAreRefused) {
    for (const char* const name : {"%23", "*", "a.%23", "*.b", "a.*.b"}) {
        EXPECT_TRUE(refusal(std::string{"amqp://a/?queue=q&reply_queue="} + name)
                        .contains("so that it would get requests as replies"))
            << name;
    }
    for (const char* const name : {"a%23", "a*.b", "a"}) {
        EXPECT_TRUE(parse_address(std::string{"amqp://a/?queue=q&reply_queue="} + name)) << name;
    }
}

TEST(ZmqAddressOf, Passwords) {
    const std::string login = "username=u&password=tr0ub4dor%263";
    const auto plain =
        std::get<transport::ZmqPlain>(read("zmq+tcp://a:1?" + login).client_security);
    EXPECT_EQ(plain.username, "u");
    EXPECT_EQ(plain.password, password);
    EXPECT_TRUE(std::holds_alternative<transport::ZmqPlain>(
        read("zmq+tcp://*:1?socket=pub&" + login).server_security));
    EXPECT_TRUE(std::holds_alternative<transport::ZmqPlain>(
        read("zmq+tcp://*:1?" + login, AddressRole::listener).server_security));
    EXPECT_TRUE(std::holds_alternative<transport::ZmqPlain>(
        read("zmq+tcp://a:1?socket=sub&" + login, AddressRole::listener).client_security));
    EXPECT_EQ(display("zmq+tcp://a:1?" + login), "zmq+tcp://a:1");
    EXPECT_EQ(refusal("zmq+tcp://a:1?password=tr0ub4dor%263"),
              "Give both 'username' and 'password', or none of them");
    EXPECT_TRUE(refusal("zmq+tcp://a:1?username=&password=x").contains("from 1 to 255 bytes"));
    EXPECT_TRUE(refusal("zmq+tcp://a:1?username=u&password=" + std::string(256, 'x'))
                    .contains("from 1 to 255 bytes"));
}

TEST(ZmqAddressOf, KeysOfCurve) {
    const auto server = *transport::make_curve_keys();
    const auto mine = *transport::make_curve_keys();
    const auto encoded = [](const std::string& key) { return core::percent_encode(key); };
    const auto client = std::get<transport::ZmqCurveClient>(
        read("zmq+tcp://a:1?server_key=" + encoded(server.public_key)).client_security);
    EXPECT_EQ(client.server_public_key, server.public_key);
    EXPECT_EQ(client.secret_key, "");
    const auto served = std::get<transport::ZmqCurveServer>(
        read("zmq+tcp://*:1?secret_key=" + encoded(server.secret_key) +
                 "&client_keys=" + encoded(mine.public_key) + "," + encoded(server.public_key),
             AddressRole::listener)
            .server_security);
    EXPECT_EQ(served.secret_key, server.secret_key);
    EXPECT_EQ(served.client_public_keys,
              (std::vector<std::string>{mine.public_key, server.public_key}));
    const std::string secret = "secret_key=" + encoded(mine.secret_key);
    EXPECT_EQ(refusal("zmq+tcp://a:1?" + secret),
              "CURVE needs the server's public key: 'server_key'");
    const std::string known_server = "zmq+tcp://a:1?server_key=" + encoded(server.public_key);
    EXPECT_EQ(std::get<transport::ZmqCurveClient>(read(known_server + "&" + secret).client_security)
                  .secret_key,
              mine.secret_key);
    EXPECT_EQ(refusal(known_server + "&public_key=" + encoded(mine.public_key)),
              "This side's 'public_key' needs its 'secret_key', too");
    EXPECT_EQ(
        refusal("zmq+tcp://*:1?client_keys=" + encoded(mine.public_key), AddressRole::listener),
        "'client_keys' need the server's own 'secret_key'");
    EXPECT_TRUE(refusal("zmq+tcp://a:1?server_key=short").contains("40 characters of Z85"));
    EXPECT_TRUE(refusal("zmq+tcp://a:1?username=u&password=tr0ub4dor%263&server_key=" +
                        encoded(server.public_key))
                    .contains("do not go together"));
}

TEST(ZmqAddressOf, SecretsInFiles) {
    const std::string file = testing::TempDir() + "warren_zmq_address_secret";
    std::ofstream{file} << password << '\n';
    const auto plain = std::get<transport::ZmqPlain>(
        read("zmq+tcp://a:1?username=u&password_file=" + core::percent_encode(file))
            .client_security);
    EXPECT_EQ(plain.password, password);
    std::filesystem::remove(file);
    EXPECT_TRUE(refusal("zmq+tcp://a:1?username=u&password_file=" + core::percent_encode(file))
                    .contains("cannot be read"));
}

std::string listener_refusal(ListenerOptions options) {
    const auto plan = resolve_listener(std::move(options));
    return plan ? "it was taken" : plan.error().message;
}

TEST(ZmqListenerConfig, OptionsAndParametersAreOne) {
    const auto plan = resolve_listener({.url = "zmq+tcp://*:0",
                                        .protocol = "pyzmqrpc",
                                        .zmq = {.username = "u",
                                                .password = password,
                                                .high_water_mark = 10,
                                                .allow_shutdown = true}});
    ASSERT_TRUE(plan) << plan.error().message;
    const auto& zmq = std::get<ZmqAddress>(plan->address.transport);
    EXPECT_EQ(plan->address.protocol->name, "pyzmqrpc");
    EXPECT_EQ(std::get<transport::ZmqPlain>(zmq.server_security).password, password);
    EXPECT_EQ(zmq.high_water_mark, 10);
    EXPECT_TRUE(zmq.allows_shutdown);
    EXPECT_EQ(plan->display(), "zmq+tcp://*:0");
}

TEST(ZmqListenerConfig, WhatDoesNotGoTogether) {
    EXPECT_EQ(listener_refusal(
                  {.url = "zmq+tcp://*:0", .tcp = {.tls = ListenerTls{.certificate_file = "x"}}}),
              "TLS is of tcp://; ZeroMQ has keys of CURVE instead");
    EXPECT_EQ(listener_refusal({.url = "zmq+tcp://*:0", .queue = {.durable = true}}),
              "Queues and exchanges are a broker's: not of ZeroMQ");
    EXPECT_EQ(listener_refusal({.url = "zmq+tcp://*:0", .zmq = {.allow_shutdown = true}}),
              "'allow_shutdown' is of the protocol pyzmqrpc");
    EXPECT_EQ(listener_refusal({.url = "zmq+tcp://*:0",
                                .protocol = "pyzmqrpc",
                                .auth_secrets = {"a secret of high entropy: 7f3a9c51"}}),
              "Secrets to sign with are not of the protocol pyzmqrpc");
    EXPECT_TRUE(listener_refusal({.url = "zmq+tcp://*:0?distribution=broadcast"})
                    .contains("'distribution' is of the sockets that are dealer, req"));
    EXPECT_TRUE(
        listener_refusal({.url = "tcp://127.0.0.1:0", .zmq = {.socket = ZmqListenerSocket::rep}})
            .contains("Unknown parameter 'socket'"));
}

}  // namespace
}  // namespace warren::endpoint
