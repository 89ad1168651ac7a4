#include <warren/client.hpp>
#include <warren/server.hpp>

#include "core/percent.hpp"
#include "protocol/message_signing.hpp"
#include "support/served.hpp"
#include "transport/zmq/curve_keys.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

namespace warren {
namespace {

using namespace std::chrono_literals;
using transport::test::Certificates;

const std::string one_secret = "known to one of the clients alone";
const std::string other_secret = "known to another of the clients";

std::string with(const std::string& address, const std::string& parameters) {
    return parameters.empty() ? address
                              : address + (address.contains('?') ? "&" : "?") + parameters;
}

/// Who calls, as a method finds it.
std::string caller_at(const ListenerOptions& listener, const std::string& parameters = {},
                      ClientOptions options = {}, std::size_t padding_bytes = 0) {
    std::promise<std::string> caller;
    Server server{{.auth_clock_ahead_max = 0ms}};
    server.method("note",
                  [&caller](const std::string&, Context& context) {
                      caller.set_value(std::string{context.caller});
                  },
                  {"padding"});
    server.listen(listener);
    server.start();
    Client client{with(test::address_of(server), parameters), std::move(options)};
    const std::string padding(padding_bytes + 1, '.');
    if (listener.zmq.socket == ZmqListenerSocket::sub) {
        client.notify("note", Dynamic::map({{"padding", padding}}));
    } else {
        client.call("note", listener.protocol == "arrpc" ? Dynamic{padding}
                                                         : Dynamic::map({{"padding", padding}}));
    }
    return caller.get_future().get();
}

std::string refusal_of(const ListenerOptions& listener) {
    Server server;
    return test::failure_of([&] { server.listen(listener); }).message;
}

TEST(Callers, AreNobodyOverPlainTcp) {
    EXPECT_EQ(caller_at({.url = "tcp://127.0.0.1:0"}), "");
}

TEST(Callers, AreWhomTheirCertificatesName) {
    const Certificates& made = Certificates::shared();
    const ListenerOptions listener{
        .url = "tcp://127.0.0.1:0",
        .tcp = {.tls = ListenerTls{made.path("server.pem"), made.path("server.key"),
                                   made.path("ca.pem")}}};
    const auto caller = [&](const std::string& name) {
        return caller_at(listener, "ca=" + made.path("ca.pem") +
                                       "&certificate=" + made.path(name + ".pem") +
                                       "&key=" + made.path(name + ".key"));
    };
    EXPECT_EQ(caller("client"), "warren-client");
    EXPECT_EQ(caller("unit"), "OU=billing,O=Warren") << "without a common name";
    EXPECT_EQ(caller("workload"), "spiffe://example/billing") << "without a subject";
}

TEST(Callers, AreUsersOfZeroMq) {
    EXPECT_EQ(caller_at({.url = "zmq+tcp://127.0.0.1:0",
                         .zmq = {.username = "rabbit", .password = "warren"}},
                        "username=rabbit&password=warren"),
              "rabbit");
    EXPECT_EQ(caller_at({.url = "zmq+tcp://127.0.0.1:0"}), "");
}

TEST(Callers, AreKeysOfCurveOrTheirNames) {
    const auto servers = *transport::make_curve_keys();
    const auto named = *transport::make_curve_keys();
    const auto nameless = *transport::make_curve_keys();
    const ListenerOptions listener{.url = "zmq+tcp://127.0.0.1:0",
                                   .zmq = {.secret_key = servers.secret_key,
                                           .client_keys = {named.public_key, nameless.public_key},
                                           .client_names = {"shop, or such"}}};
    const auto caller = [&](const transport::CurveKeyPair& own) {
        return caller_at(listener, "server_key=" + core::percent_encode(servers.public_key) +
                                       "&secret_key=" + core::percent_encode(own.secret_key));
    };
    EXPECT_EQ(caller(named), "shop, or such");
    EXPECT_EQ(caller(nameless), nameless.public_key);
}

TEST(Callers, ArePublishersByTheirKey) {
    const auto publisher = *transport::make_curve_keys();
    EXPECT_EQ(caller_at({.url = "zmq+tcp://127.0.0.1:0",
                         .zmq = {.socket = ZmqListenerSocket::sub,
                                 .side = ZmqSide::bind,
                                 .server_key = publisher.public_key}},
                        "secret_key=" + core::percent_encode(publisher.secret_key)),
              publisher.public_key);
}

TEST(Callers, AreWhoSigned) {
    const ListenerOptions listener{.url = "tcp://127.0.0.1:0",
                                   .auth_secrets = {one_secret, other_secret},
                                   .auth_names = {"billing"}};
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {one_secret}}), "billing");
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {other_secret}}),
              protocol::auth_key_id(other_secret));
    constexpr std::size_t read_by_a_worker = 300'000;
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {one_secret}}, read_by_a_worker), "billing");
}

TEST(Callers, AreNamesBeforeConnectionsAndThoseBeforeKeyIds) {
    const ListenerOptions listener{.url = "zmq+tcp://127.0.0.1:0",
                                   .auth_secrets = {one_secret, other_secret},
                                   .auth_names = {"billing"},
                                   .zmq = {.username = "rabbit", .password = "warren"}};
    const std::string login = "username=rabbit&password=warren";
    EXPECT_EQ(caller_at(listener, login, {.auth_secrets = {one_secret}}), "billing");
    EXPECT_EQ(caller_at(listener, login, {.auth_secrets = {other_secret}}), "rabbit");
}

TEST(Callers, AreWhoSignedForArrpc) {
    const ListenerOptions listener{.url = "tcp://127.0.0.1:0",
                                   .protocol = "arrpc",
                                   .methods = {"note"},
                                   .auth_secrets = {"first", "second", "third"},
                                   .auth_names = {"", "shop"}};
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {"second"}}), "shop");
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {"first"}}), "");
    EXPECT_EQ(caller_at(listener, {}, {.auth_secrets = {"third"}}), "");
}

TEST(Callers, SayInMemoryWhoTheyAre) {
    EXPECT_EQ(caller_at({.url = "memory:callers"}), "");
    EXPECT_EQ(caller_at({.url = "memory:callers"}, "amqp_user=shop"), "shop");
    EXPECT_EQ(caller_at({.url = "memory:callers"}, "amqp_user=shop&peer=foreign"), "");
    const auto at = [](std::size_t bytes) {
        return "memory:callers?amqp_user=" + std::string(bytes, 'u');
    };
    EXPECT_NO_THROW(Client{at(255)});
    EXPECT_THROW(Client{at(256)}, Error);
}

TEST(Callers, HaveNamesThatFitTheirSecrets) {
    EXPECT_EQ(refusal_of({.url = "tcp://127.0.0.1:0", .auth_names = {"nobody"}}),
              "'auth_names' are of the 'auth_secrets', and there are more of them");
    const auto named = [](std::string name) {
        return refusal_of({.url = "tcp://127.0.0.1:0",
                           .auth_secrets = {one_secret},
                           .auth_names = {std::move(name)}});
    };
    EXPECT_EQ(named(std::string(255, 'n')), "it did not fail");
    EXPECT_TRUE(named(std::string(256, 'n')).starts_with("A caller's name is one line"));
    EXPECT_TRUE(named("two\nlines").starts_with("A caller's name is one line"));
    EXPECT_EQ(refusal_of({.url = "zmq+tcp://127.0.0.1:0",
                          .zmq = {.secret_key = transport::make_curve_keys()->secret_key,
                                  .client_names = {"nobody"}}}),
              "'client_names' are of the 'client_keys', and there are more of them");
}

}  // namespace
}  // namespace warren
