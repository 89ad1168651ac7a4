#include <warren/client.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>
#include <warren/transaction.hpp>

#include "support/served.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// Calls that come several times under one key.
namespace warren {

struct Order {
    std::string item;
    int count = 1;
};
WARREN_MODEL(Order, (item), (count))

struct Placed {
    int number = 0;
};
WARREN_MODEL(Placed, (number))

namespace {

using namespace std::chrono_literals;

/// A server with a store, over tcp:// and memory:, and what it has done.
class Shop {
public:
    explicit Shop(std::string name, std::string store, Idempotency how = Idempotency::at_least_once)
        : name_{std::move(name)}, server_{{.store = {.sqlite = std::move(store)}}} {
        server_.method("place", [this](const Order& order, Context& context) {
            attempts = context.attempt;
            const int number = ++runs;
            if (order.item == "nothing") {
                throw Error{"there is nothing to order"};
            }
            if (order.item == "broken") {
                throw std::runtime_error{"broken"};
            }
            if (order.item == "busy") {
                throw Error{Code::overloaded, "busy"};
            }
            return Placed{number};
        });
        server_.method("wait", [this](const Order&, Context& context, Responder<Placed> responder) {
            ++runs;
            waiting.set_value(std::move(responder));
            static_cast<void>(context);
        });
        server_.method("commit", [this](const Order& order, Context& context) {
            ++runs;
            return context.commit([&](Transaction& transaction) {
                transaction.execute(
                    "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, "
                    "item TEXT, count INTEGER)");
                transaction.execute("INSERT INTO orders (item, count) VALUES ($1, $2)",
                                    {order.item, order.count});
                if (order.item == "undone") {
                    throw Error{"undone"};
                }
                const auto rows = transaction.query("SELECT count(*) FROM orders");
                return Placed{static_cast<int>(rows.at(0).at(0)->as_int64())};
            });
        });
        server_.method("commit_and_fail", [](Context& context) {
            context.commit([](Transaction&) {});
            throw std::runtime_error{"after it was committed"};
        });
        server_.method("commit_other", [](Context& context) {
            context.commit([](Transaction&) { return 7; });
            return Placed{};
        });
        server_.method("commit_twice", [](Context& context) {
            context.commit([](Transaction&) {});
            context.commit([](Transaction&) {});
        });
        server_.listen({.url = "tcp://127.0.0.1:0", .idempotency = how});
        server_.listen({.url = "memory:" + name_, .idempotency = how});
        server_.start();
    }

    std::string tcp() const { return test::address_of(server_, 0); }
    std::string memory() const { return test::address_of(server_, 1); }
    Server& server() { return server_; }

    std::atomic<int> runs = 0;
    std::atomic<std::uint32_t> attempts = 0;
    std::promise<Responder<Placed>> waiting;

private:
    const std::string name_;
    Server server_;
};

Dynamic order(std::string_view item, int count = 1) {
    return Dynamic::map({{"item", item}, {"count", count}});
}

CallOptions under(std::string key) {
    return {.timeout = 20s, .idempotency_key = std::move(key)};
}

/// A call of a method that waits, on a thread of its own.
std::future<Dynamic> later(Client& client, std::string key) {
    return std::async(std::launch::async, [&client, key = std::move(key)] {
        return client.call("wait", order("onions"), under(key));
    });
}

class IdempotentCalls : public testing::Test {
protected:
    std::string store() const { return directory_.file("store.db"); }

private:
    test::TemporaryDirectory directory_;
};

TEST_F(IdempotentCalls, RunOnceAndAnswerAgain) {
    Shop shop{"once", store()};
    Client client{shop.tcp()};
    const Dynamic first = client.call("place", order("onions"), under("k"));
    EXPECT_EQ(client.call("place", order("onions"), under("k")), first);
    EXPECT_EQ(shop.runs, 1);
    EXPECT_NE(client.call("place", order("onions"), under("other")), first);
    // Without a key it is another call every time.
    client.call("place", order("onions"));
    client.call("place", order("onions"));
    EXPECT_EQ(shop.runs, 4);
}

TEST_F(IdempotentCalls, AreTheSameOverEveryTransport) {
    Shop shop{"transports", store()};
    Client over_tcp{shop.tcp()};
    Client over_memory{shop.memory()};
    const Dynamic first = over_tcp.call("place", order("onions"), under("k"));
    EXPECT_EQ(over_memory.call("place", order("onions"), under("k")), first);
    EXPECT_EQ(shop.runs, 1);
}

TEST_F(IdempotentCalls, SurviveTheirServer) {
    Dynamic first;
    {
        Shop shop{"first", store()};
        first = Client{shop.tcp()}.call("place", order("onions"), under("k"));
    }
    Shop shop{"second", store()};
    EXPECT_EQ(Client{shop.tcp()}.call("place", order("onions"), under("k")), first);
    EXPECT_EQ(shop.runs, 0);
}

TEST_F(IdempotentCalls, AreSharedByServersWithOneStore) {
    Shop one{"one", store()};
    Shop other{"other", store()};
    const Dynamic first = Client{one.tcp()}.call("place", order("onions"), under("k"));
    EXPECT_EQ(Client{other.tcp()}.call("place", order("onions"), under("k")), first);

    // One that runs there is waited for.
    Client there{one.tcp()};
    Client here{other.tcp()};
    auto running = later(there, "slow");
    auto responder = one.waiting.get_future().get();
    auto waiting = later(here, "slow");
    responder.respond(Placed{7});
    EXPECT_EQ(running.get(), waiting.get());
    EXPECT_EQ(other.runs, 0);
}

TEST_F(IdempotentCalls, ConflictWithAnotherRequest) {
    Shop shop{"conflict", store()};
    Client client{shop.tcp()};
    client.call("place", order("onions"), under("k"));
    for (const auto& [method, item] : {std::pair{"place", "garlic"}, {"commit", "onions"}}) {
        const Failure failure =
            test::failure_of([&] { client.call(method, order(item), under("k")); });
        EXPECT_EQ(failure.code, Code::conflict);
        EXPECT_NE(failure.message.find("idempotency key"), std::string::npos);
    }
    EXPECT_EQ(shop.runs, 1);
}

TEST_F(IdempotentCalls, JoinTheOneThatRuns) {
    Shop shop{"join", store()};
    Client client{shop.tcp()};
    Client over_memory{shop.memory()};
    auto first = later(client, "k");
    auto responder = shop.waiting.get_future().get();
    std::vector<std::future<Dynamic>> joined;
    for (int i = 0; i < 10; ++i) {
        joined.push_back(later(i % 2 == 0 ? client : over_memory, "k"));
    }
    const Failure other =
        test::failure_of([&] { client.call("wait", order("garlic"), under("k")); });
    EXPECT_EQ(other.code, Code::conflict);
    responder.respond(Placed{7});
    const Dynamic reply = first.get();
    for (auto& each : joined) {
        EXPECT_EQ(each.get(), reply);
    }
    EXPECT_EQ(shop.runs, 1);
}

TEST_F(IdempotentCalls, OfAJoinedOneEndAtItsDeadline) {
    Shop shop{"deadline", store()};
    Client client{shop.tcp()};
    auto first = later(client, "k");
    auto responder = shop.waiting.get_future().get();
    CallOptions impatient = under("k");
    impatient.timeout = 100ms;
    const Failure failure =
        test::failure_of([&] { client.call("wait", order("onions"), impatient); });
    EXPECT_EQ(failure.code, Code::deadline_exceeded);
    responder.respond(Placed{7});
    first.get();
}

TEST_F(IdempotentCalls, KeepTheHandlersFailures) {
    Shop shop{"failures", store()};
    Client client{shop.tcp()};
    for (int i = 0; i < 2; ++i) {
        const Failure failure =
            test::failure_of([&] { client.call("place", order("nothing"), under("k")); });
        EXPECT_EQ(failure.code, Code::failed);
        EXPECT_EQ(failure.message, "there is nothing to order");
        EXPECT_EQ(failure.is_replayed, i == 1);
    }
    EXPECT_EQ(shop.runs, 1);
    // What went wrong, or was refused for now, is done anew.
    for (const char* const item : {"broken", "busy"}) {
        for (int i = 1; i <= 2; ++i) {
            const Failure failure =
                test::failure_of([&] { client.call("place", order(item), under(item)); });
            EXPECT_NE(failure.code, Code::failed);
            EXPECT_EQ(shop.attempts, static_cast<unsigned>(i));
        }
    }
    EXPECT_EQ(shop.runs, 5);
    // A request that is none is no call.
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(test::failure_of([&] {
                      client.call("place", Dynamic::map({{"count", "x"}}), under("bad"));
                  }).code,
                  Code::invalid_request);
    }
    client.call("place", order("onions"), under("bad"));
}

TEST_F(IdempotentCalls, RunAtMostOnce) {
    Shop shop{"most", store(), Idempotency::at_most_once};
    Client client{shop.tcp()};
    const Dynamic first = client.call("place", order("onions"), under("k"));
    EXPECT_EQ(client.call("place", order("onions"), under("k")), first);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(test::failure_of([&] { client.call("place", order("broken"), under("b")); }).code,
                  Code::internal);
    }
    EXPECT_EQ(shop.runs, 2);
}

TEST_F(IdempotentCalls, RunAgainWhereNothingIsAsked) {
    Shop shop{"none", store(), Idempotency::none};
    Client client{shop.tcp()};
    client.call("place", order("onions"), under("k"));
    client.call("place", order("onions"), under("k"));
    EXPECT_EQ(shop.runs, 2);
}

TEST_F(IdempotentCalls, CommitChangesWithTheirReply) {
    Dynamic first;
    {
        Shop shop{"commit", store()};
        Client client{shop.tcp()};
        first = client.call("commit", order("onions"), under("k"));
        EXPECT_EQ(client.call("commit", order("onions"), under("k")), first);
        EXPECT_EQ(
            test::failure_of([&] { client.call("commit", order("undone"), under("u")); }).code,
            Code::failed);
        EXPECT_EQ(client.call("commit", order("onions")), Dynamic::map({{"number", 2}}));
    }
    Shop shop{"commit_again", store()};
    Client client{shop.tcp()};
    EXPECT_EQ(client.call("commit", order("onions"), under("k")), first);
    EXPECT_EQ(shop.runs, 0);
    EXPECT_EQ(client.call("commit", order("garlic"), under("g")), Dynamic::map({{"number", 3}}));
}

TEST_F(IdempotentCalls, AnswerWhatWasCommitted) {
    Shop shop{"committed", store()};
    Client client{shop.tcp()};
    for (int i = 0; i < 2; ++i) {
        client.call("commit_and_fail", {}, under("k"));
    }
    EXPECT_EQ(test::failure_of([&] { client.call("commit_other", {}, under("o")); }).code,
              Code::internal);
    // Without a key there is no record, and the handler's failure is the answer.
    EXPECT_EQ(test::failure_of([&] { client.call("commit_and_fail", {}); }).code, Code::internal);
    client.call("commit_twice", {}, under("t"));
}

TEST_F(IdempotentCalls, OfAMockAreForgotten) {
    {
        Server mock{{.replies = ServerReplies::mock, .store = {.sqlite = store()}}};
        mock.method("place", [](const Order&) { return Placed{}; });
        mock.listen("memory:mock");
        mock.start();
        Client{"memory:mock"}.call("place", order("onions"), under("k"));
    }
    Shop shop{"no_mock", store()};
    EXPECT_EQ(Client{shop.tcp()}.call("place", order("onions"), under("k")),
              Dynamic::map({{"number", 1}}));
    EXPECT_EQ(shop.runs, 1);
}

TEST(Idempotency, NeedsAStore) {
    Server server;
    server.method("place", [](const Order&, Context& context) {
        return context.commit([](Transaction&) { return Placed{}; });
    });
    server.listen("memory:no_store");
    server.start();
    Client client{"memory:no_store"};
    EXPECT_EQ(test::failure_of([&] { client.call("place", order("onions")); }).code,
              Code::internal);

    Server asking;
    asking.listen({.url = "tcp://127.0.0.1:0", .idempotency = Idempotency::at_most_once});
    EXPECT_NE(test::failure_of([&] { asking.start(); }).message.find("needs a store"),
              std::string::npos);
}

}  // namespace
}  // namespace warren
