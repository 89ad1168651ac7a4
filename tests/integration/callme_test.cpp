#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/rabbitmq.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <expected>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren::test {
namespace {

class Callme : public testing::Test {
protected:
    std::string address(const std::string& parameters) const {
        return broker.uri() + "?protocol=callme" + parameters;
    }

    /// A server that adds a number of its own.
    std::unique_ptr<Server> serve(const std::string& id, std::int64_t number) const {
        auto server = std::make_unique<Server>();
        server->method("add", [number](std::int64_t value) { return value + number; }, {"value"});
        ListenerOptions listener{.url = broker.uri()};
        listener.protocol = "callme";
        listener.callme.server_id = id;
        listener.callme.threaded = true;
        server->listen(listener);
        std::promise<void> ready;
        server->on_ready([&ready] { ready.set_value(); });
        server->start();
        ready.get_future().wait();
        return server;
    }

    /// What a call to a server that adds 1 fails with.
    static std::optional<Failure> failure_of(Client& client) {
        try {
            EXPECT_EQ(client.call("add", Dynamic::list({1}))->as_int64(), 2);
            return std::nullopt;
        } catch (const Error& error) {
            return error.failure();
        }
    }

    /// Done, or lost with what was deleted, and said so.
    static void check(const std::expected<Dynamic, Failure>& outcome, std::int64_t result) {
        if (outcome) {
            EXPECT_EQ((*outcome)->as_int64(), result);
            return;
        }
        const Code code = outcome.error().code;
        EXPECT_TRUE(code == Code::no_responder || code == Code::connection_lost ||
                    code == Code::deadline_exceeded)
            << to_string(outcome.error());
    }

    RabbitMq& broker = RabbitMq::shared();
};

TEST_F(Callme, OneClientHasThousandsOfCallsInFlightToSeveralServers) {
    const auto first = serve("many_one", 1);
    const auto second = serve("many_two", 2);
    Client client{address("")};
    constexpr std::int64_t calls = 6'000;
    std::atomic<std::int64_t> right = 0;
    std::atomic<std::int64_t> nobody = 0;
    std::atomic<std::int64_t> left = calls;
    std::promise<void> over;
    for (std::int64_t value = 0; value != calls; ++value) {
        // Among them some for a server that is not there: only these fail.
        const bool is_missing = value % 500 == 499;
        const char* const server = is_missing       ? "many_none"
                                   : value % 2 == 0 ? "many_one"
                                                    : "many_two";
        client.target(server).start_call(
            "add", Dynamic::list({value}),
            [&, value, is_missing](std::expected<Dynamic, Failure> outcome) {
                if (!outcome) {
                    EXPECT_EQ(outcome.error().code, Code::no_responder)
                        << to_string(outcome.error());
                    nobody += is_missing ? 1 : 0;
                } else {
                    right += (*outcome)->as_int64() == value + (value % 2 == 0 ? 1 : 2) ? 1 : 0;
                }
                if (--left == 0) {
                    over.set_value();
                }
            });
    }
    over.get_future().wait();
    EXPECT_EQ(nobody, calls / 500);
    EXPECT_EQ(right, calls - calls / 500);
}

TEST_F(Callme, TheAddressOfAListenerIsOneToCall) {
    const auto server = serve("addressed", 1);
    Client client{server->addresses().front()};  // as guest, who the broker knows
    EXPECT_FALSE(failure_of(client));
}

TEST_F(Callme, AServerThatComesBackIsCalledAgain) {
    Client client{address("&server_id=returning")};
    const Dynamic arguments = Dynamic::list({1});
    for (int round = 0; round != 3; ++round) {
        {
            const auto server = serve("returning", 1);
            EXPECT_EQ(client.call("add", arguments)->as_int64(), 2);
            server->stop();
        }
        try {
            client.call("add", arguments);
            ADD_FAILURE() << "there is no server";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Code::no_responder) << error.what();
        }
    }
}

TEST_F(Callme, BothSidesComeBackAfterTheirConnectionsBroke) {
    RabbitMq own;
    Server server;
    server.method("add", [](std::int64_t value) { return value + 1; }, {"value"});
    server.listen(own.uri() + "?protocol=callme&server_id=back");
    server.start();
    Client client{own.uri() + "?protocol=callme&server_id=back"};
    const auto responses = [&] {
        try {
            return client.call("add", Dynamic::list({1}))->as_int64() == 2;
        } catch (const Error& error) {
            EXPECT_TRUE(error.code() == Code::no_responder || error.code() == Code::connection_lost)
                << error.what();
            return false;
        }
    };
    for (int round = 0; round != 3; ++round) {
        while (!responses()) {
        }
        EXPECT_GE(own.close_all_connections("for a test"), 1U);
    }
    while (!responses()) {
    }
}

TEST_F(Callme, APermissionThatIsTakenAwayIsNamedAndHoldsAgainWhenItIsGivenBack) {
    const auto server = serve("granted", 1);
    const RabbitMq::Credentials user{"revoked", "secret"};
    const std::string own = "client_revoked_.*";
    const RabbitMq::Permissions allowed{own, own + "|server_granted_ex", own};
    broker.add_user(user, allowed);
    Client client{broker.uri(user) + "?protocol=callme&server_id=granted"};
    // The broker asks for permissions once for each channel.
    const auto calls_until = [&](std::optional<Code> wanted) {
        broker.close_all_connections("for a test");
        std::optional<Failure> failure;
        do {
            failure = failure_of(client);
            const Code code = failure ? failure->code : Code::connection_lost;
            EXPECT_TRUE(code == Code::unauthenticated || code == Code::connection_lost ||
                        code == Code::no_responder)
                << to_string(*failure);
        } while ((failure ? std::optional{failure->code} : std::nullopt) != wanted);
        return failure;
    };
    EXPECT_FALSE(failure_of(client));
    broker.add_user(user, {own, own, own});
    const auto refused = calls_until(Code::unauthenticated);
    EXPECT_NE(to_string(*refused).find("server_granted_ex"), std::string::npos)
        << to_string(*refused);
    broker.add_user(user, allowed);
    calls_until(std::nullopt);
}

TEST_F(Callme, EachCallEndsOnceWhenQueueOrExchangeIsDeletedUnderLoad) {
    const auto server = serve("deleted", 1);
    Client client{address("&server_id=deleted"), {.timeout = std::chrono::seconds{3}}};
    const auto delete_under_load = [&](const std::string& expression) {
        constexpr int calls = 2'000;
        std::array<std::atomic<int>, calls> ends{};
        std::atomic<int> left = calls;
        std::promise<void> over;
        for (int value = 0; value != calls; ++value) {
            client.start_call("add", Dynamic::list({value}),
                              [&, value](std::expected<Dynamic, Failure> outcome) {
                                  ++ends[static_cast<std::size_t>(value)];
                                  check(outcome, value + 1);
                                  if (--left == 0) {
                                      over.set_value();
                                  }
                              });
            if (value == calls / 2) {
                broker.evaluate(expression);
            }
        }
        over.get_future().wait();
        EXPECT_TRUE(std::ranges::all_of(ends, [](const auto& count) { return count == 1; }));
    };
    const std::string vhost = "<<\"" + broker.vhost() + "\">>";
    // The exchange goes with its last binding, and the server makes both anew.
    delete_under_load(
        "{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(" + vhost +
        ", queue, <<\"server_deleted_queue\">>)), rabbit_amqqueue:delete(Q, false, false, "
        "<<\"test\">>)");
    while (failure_of(client)) {
    }
    delete_under_load("rabbit_exchange:delete(rabbit_misc:r(" + vhost +
                      ", exchange, <<\"server_deleted_ex\">>), false, <<\"test\">>)");
    EXPECT_EQ(failure_of(client).value_or(Failure{}).code, Code::no_responder);
    // Nobody tells a server that its exchange is gone: it is declared at the next connection.
    broker.close_all_connections("for a test");
    while (failure_of(client)) {
    }
}

}  // namespace
}  // namespace warren::test
