#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/rabbitmq.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <expected>
#include <future>
#include <memory>
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
        listener.server_id = id;
        listener.threaded = true;
        server->listen(listener);
        std::promise<void> ready;
        server->on_ready([&ready] { ready.set_value(); });
        server->start();
        ready.get_future().wait();
        return server;
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
        client.use_server(server).start_call(
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
    const auto answers = [&] {
        try {
            return client.call("add", Dynamic::list({1}))->as_int64() == 2;
        } catch (const Error& error) {
            EXPECT_TRUE(error.code() == Code::no_responder || error.code() == Code::connection_lost)
                << error.what();
            return false;
        }
    };
    for (int round = 0; round != 3; ++round) {
        while (!answers()) {
        }
        EXPECT_GE(own.close_all_connections("for a test"), 1U);
    }
    while (!answers()) {
    }
}

}  // namespace
}  // namespace warren::test
