#include <warren/client.hpp>
#include <warren/middleware.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren {
namespace {

using namespace std::chrono_literals;

const std::string secret_before = "known to one of the clients alone";
const std::string secret_after = "known to another of the clients";

/// A server of one method that answers at once, and one that answers when it is told to.
struct Reloaded {
    explicit Reloaded(const ListenerOptions& options) {
        server.method("now", [](int value) { return value; }, {"value"});
        server.method("held",
                      [this](int value) {
                          begun.set_value();
                          go_on.get_future().wait();
                          return value;
                      },
                      {"value"});
        server.listen(options);
        server.start();
    }

    std::optional<Code> outcome(ClientOptions options = {}) {
        Client client{test::address_of(server), std::move(options)};
        return outcome_by(client);
    }
    static std::optional<Code> outcome_by(Client& client) {
        try {
            client.call("now", Dynamic::map({{"value", 1}}));
        } catch (const Error& error) {
            return error.code();
        }
        return std::nullopt;
    }

    std::promise<void> begun;
    std::promise<void> go_on;
    Server server{{.auth_clock_ahead_max = 0ms}};
};

ListenerOptions tcp_signed_by(std::vector<std::string> secrets, const std::string& protocol = {}) {
    return {.url = "tcp://127.0.0.1:0", .protocol = protocol, .auth_secrets = std::move(secrets)};
}

TEST(Reload, ACallThatRunsIsAnsweredUnderTheSecretThatItCameUnder) {
    Reloaded serving{tcp_signed_by({secret_before})};
    Client client{test::address_of(serving.server), {.auth_secrets = {secret_before}}};
    std::promise<std::expected<Dynamic, Failure>> answered;
    client.start_call("held", Dynamic::map({{"value", 7}}),
                      [&](std::expected<Dynamic, Failure> got) { answered.set_value(got); });
    serving.begun.get_future().wait();
    serving.server.reload({tcp_signed_by({secret_after})});
    EXPECT_EQ(serving.outcome({.auth_secrets = {secret_after}}), std::nullopt);
    EXPECT_EQ(serving.outcome({.auth_secrets = {secret_before}}), Code::unauthenticated);
    serving.go_on.set_value();
    const auto got = answered.get_future().get();
    EXPECT_TRUE(got) << got.error().message;
    EXPECT_EQ(Reloaded::outcome_by(client), Code::unauthenticated) << "on the same connection";
    EXPECT_EQ(serving.outcome({.auth_secrets = {secret_after}}), std::nullopt)
        << "a call that is used again is under the other, too";
}

TEST(Reload, InterceptorsAreThoseOfTheCallsBeginning) {
    Reloaded serving{{.url = "memory:reloaded"}};
    EXPECT_EQ(serving.outcome(), std::nullopt);
    const AllowOptions nobody{.methods = {{"now", {}}}};
    serving.server.reload({{.url = "memory:reloaded", .interceptors = {allow(nobody)}}});
    EXPECT_EQ(serving.outcome(), Code::permission_denied);
    serving.server.reload({{.url = "memory:reloaded"}});
    EXPECT_EQ(serving.outcome(), std::nullopt);
}

TEST(Reload, IsAllOrNothing) {
    Reloaded serving{tcp_signed_by({secret_before})};
    const auto refusal = [&](std::vector<ListenerOptions> listeners) {
        return test::failure_of([&] { serving.server.reload(std::move(listeners)); }).message;
    };
    EXPECT_NE(refusal({}).find("each of its 1 listeners, 0 of which forward"), std::string::npos);
    ListenerOptions elsewhere = tcp_signed_by({secret_after});
    elsewhere.url = "tcp://127.0.0.2:0";
    EXPECT_NE(refusal({elsewhere}).find("cannot become"), std::string::npos);
    ListenerOptions broken = tcp_signed_by({secret_after});
    broken.fernet_keys = {"no key"};
    EXPECT_NE(refusal({broken}), "");
    EXPECT_EQ(serving.outcome({.auth_secrets = {secret_before}}), std::nullopt);
    EXPECT_EQ(serving.outcome({.auth_secrets = {secret_after}}), Code::unauthenticated);
}

TEST(Reload, WhetherRequestsAreSignedStays) {
    Reloaded serving{{.url = "tcp://127.0.0.1:0"}};
    serving.server.reload({tcp_signed_by({secret_before})});
    EXPECT_EQ(serving.outcome(), std::nullopt);
}

TEST(Reload, IsOfAServerThatRuns) {
    Server server;
    server.listen("tcp://127.0.0.1:0");
    EXPECT_EQ(test::failure_of([&] { server.reload({{.url = "tcp://127.0.0.1:0"}}); }).code,
              Code::invalid_request);
}

TEST(Reload, AProxyGoesOnUnderAnotherSecretAndEndsWhatItHasBegun) {
    Reloaded behind{tcp_signed_by({secret_before, secret_after})};
    Server proxy;
    const ListenerOptions from{.url = "tcp://127.0.0.1:0"};
    const auto to = [&](const std::string& secret) {
        return ForwardOptions{.to = test::address_of(behind.server),
                              .client = {.auth_secrets = {secret}}};
    };
    proxy.forward(from, to(secret_before));
    proxy.start();
    Client client{test::address_of(proxy)};
    std::promise<std::expected<Dynamic, Failure>> answered;
    client.start_call("held", Dynamic::map({{"value", 7}}),
                      [&](std::expected<Dynamic, Failure> got) { answered.set_value(got); });
    behind.begun.get_future().wait();
    behind.server.reload({tcp_signed_by({secret_after})});
    EXPECT_EQ(Reloaded::outcome_by(client), Code::unauthenticated);
    proxy.reload({from}, {to(secret_after)});
    EXPECT_EQ(Reloaded::outcome_by(client), std::nullopt);
    behind.go_on.set_value();
    const auto got = answered.get_future().get();
    EXPECT_TRUE(got) << got.error().message;
}

}  // namespace
}  // namespace warren
