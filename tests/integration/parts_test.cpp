#include <warren/client.hpp>
#include <warren/gather.hpp>
#include <warren/lazy_call.hpp>
#include <warren/server.hpp>
#include <warren/stream.hpp>
#include <warren/task.hpp>

#include "support/rabbitmq.hpp"
#include "support/served.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <expected>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

// What handlers send before their response, over everything that carries it.
namespace parts_test {

using namespace warren;
using namespace std::chrono_literals;
using warren::test::failure_of;

struct Range {
    int count = 0;
    int bytes = 0;  // of each item's text
};
WARREN_MODEL(Range, (count), (bytes))

struct Item {
    int number = 0;
    std::string text;
};
WARREN_MODEL(Item, (number, at_most(1'000'000)), (text))

struct Sum {
    int sent = 0;
    bool was_taken = true;
};
WARREN_MODEL(Sum, (sent), (was_taken))

struct Steps {
    int count = 0;
};
WARREN_MODEL(Steps, (count))

WARREN_STREAM_CONTRACT(count_up, "count_up", Range, Item, Sum)
WARREN_STREAM_CONTRACT(count_up_coroutine, "count_up_coroutine", Range, Item, Sum)
WARREN_STREAM_CONTRACT(count_then_fail, "count_then_fail", Range, Item, Sum)
WARREN_STREAM_CONTRACT(count_wrong, "count_wrong", Range, Item, Sum)
WARREN_STREAM_CONTRACT(misread, "count_up", Range, int, Sum)
WARREN_CONTRACT(count_up_alone, "count_up", Range, Sum)
WARREN_CONTRACT(tell, "tell", Steps, int)
WARREN_CONTRACT(add_up, "add_up", Range, int)
WARREN_CONTRACT(add_until_failure, "add_until_failure", Range, int)

/// What handlers tell the test.
struct Seen {
    void set(int value) {
        const std::lock_guard lock{mutex};
        last = value;
        changed.notify_all();
    }
    bool wait_for(int value) {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, 20s, [&] { return last == value; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<int> last;
};

Sum count(const Range& range, Stream<Item> items) {
    Sum sum;
    const std::string text(static_cast<std::size_t>(range.bytes), 'x');
    while (sum.sent < range.count && sum.was_taken) {
        sum.was_taken = items.write({.number = sum.sent, .text = text});
        sum.sent += sum.was_taken ? 1 : 0;
    }
    return sum;
}

void register_methods(Server& server, Seen& seen) {
    server.method<count_up>([&seen](const Range& range, Stream<Item> items) {
        const Sum sum = count(range, items);
        seen.set(sum.sent);
        return sum;
    });
    server.method<count_up_coroutine>([&seen](const Range& range, Stream<Item> items) -> task<Sum> {
        Sum sum;
        while (sum.sent < range.count && sum.was_taken) {
            const Item item{.number = sum.sent,
                            .text = std::string(static_cast<std::size_t>(range.bytes), 'x')};
            sum.was_taken = co_await items.async_write(item);
            sum.sent += sum.was_taken ? 1 : 0;
        }
        seen.set(sum.sent);
        co_return sum;
    });
    server.method<count_then_fail>([](const Range& range, Stream<Item> items) -> Sum {
        count(range, items);
        throw Error{"Out of items"};
    });
    server.method<count_wrong>([](const Range&, Stream<Item> items) {
        items.write({.number = 1});
        items.write({.number = 2'000'000});
        return Sum{};
    });
    server.method<tell>([](const Steps& steps, Context& context) {
        for (int step = 1; step <= steps.count; ++step) {
            context.progress(static_cast<double>(step) / steps.count,
                             "step " + std::to_string(step), Dynamic{step});
        }
        return steps.count;
    });
}

/// Each way that carries parts.
struct Way {
    std::string name;
    std::string listen;  // empty: RabbitMQ
    std::string protocol;
};

std::vector<Way> ways() {
    return {{.name = "memory", .listen = "memory:parts", .protocol = ""},
            {.name = "tcp", .listen = "tcp://127.0.0.1:0", .protocol = ""},
            {.name = "tls", .listen = "tls://127.0.0.1:0", .protocol = ""},
            {.name = "zmq", .listen = "zmq+tcp://127.0.0.1:0", .protocol = ""},
            {.name = "amqp_cyberfusion", .listen = "", .protocol = "cyberfusion"},
            {.name = "amqp_callme", .listen = "", .protocol = "callme"}};
}

ListenerOptions listener_of(const Way& way) {
    ListenerOptions listener{.url = way.listen, .protocol = way.protocol};
    if (way.name == "tls") {
        const auto& made = transport::test::Certificates::shared();
        listener.tcp.tls = ListenerTls{.certificate_file = made.path("server.pem"),
                                       .key_file = made.path("server.key")};
    }
    if (way.listen.empty()) {
        listener.url = test::RabbitMq::shared().uri();
        if (way.protocol == "callme") {
            listener.callme = {.server_id = "parts", .threaded = true};
        } else {
            listener.queue = {.name = "parts_" + way.protocol, .durable = true};
        }
    }
    return listener;
}

void start(Server& server) {
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
}

std::string with(std::string address, const std::string& parameter) {
    return address + (address.contains('?') ? "&" : "?") + parameter;
}

/// Where a server is called that can send parts.
std::string address_of(const Server& server, const Way& way) {
    const std::string address = test::address_of(server);
    if (way.name == "tls") {
        return with(address, "ca=" + transport::test::Certificates::shared().path("ca.pem"));
    }
    return way.listen.empty() ? with(address, "peer=warren") : address;
}

class Parts : public testing::TestWithParam<Way> {
protected:
    Parts() {
        register_methods(server, seen);
        server.listen(listener_of(GetParam()));
        start(server);
        client.emplace(address());
    }

    std::string address() const { return address_of(server, GetParam()); }

    Seen seen;
    Server server;
    std::optional<Client> client;
};

TEST_P(Parts, ComeInOrderAndThenTheResponse) {
    auto items = client->stream<count_up>({.count = 1000, .bytes = 10});
    int next = 0;
    for (const Item& item : items) {
        EXPECT_EQ(item.number, next++);
        EXPECT_EQ(item.text.size(), 10U);
    }
    EXPECT_EQ(next, 1000);
    EXPECT_EQ(items.response().sent, 1000);
    EXPECT_FALSE(items.next()) << "the end is the end";
    auto none = client->stream<count_up>({.count = 0});
    EXPECT_EQ(none.response().sent, 0);
}

TEST_P(Parts, OfACoroutineToo) {
    auto items =
        client->stream<count_up_coroutine>({.count = 1000, .bytes = 1000}, {.parts_window = 5000});
    int next = 0;
    for (const Item& item : items) {
        EXPECT_EQ(item.number, next++);
    }
    EXPECT_EQ(items.response().sent, 1000);
}

TEST_P(Parts, NoMoreAreUnderWayThanTheCallerTakes) {
    auto items = client->stream<count_up>({.count = 100, .bytes = 1000}, {.parts_window = 10'000});
    ASSERT_TRUE(items.next());
    for (int taken = 1; taken < 100; ++taken) {
        // The handler cannot be done: most of its parts have no room yet.
        if (taken < 80) {
            const std::lock_guard lock{seen.mutex};
            ASSERT_FALSE(seen.last) << "after " << taken;
        }
        ASSERT_TRUE(items.next());
    }
    EXPECT_EQ(items.response().sent, 100);
}

TEST_P(Parts, AWindowOfNothingLetsThroughOneAfterTheOther) {
    auto items = client->stream<count_up>({.count = 20, .bytes = 100}, {.parts_window = 0});
    int taken = 0;
    while (items.next()) {
        ++taken;
    }
    EXPECT_EQ(taken, 20);
}

TEST_P(Parts, AFailureComesAfterThem) {
    auto items = client->stream<count_then_fail>({.count = 3});
    for (int taken = 0; taken < 3; ++taken) {
        ASSERT_TRUE(items.next());
    }
    const Failure failure = failure_of([&] { items.next(); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_EQ(failure.message, "Out of items");
    EXPECT_EQ(failure_of([&] { items.response(); }).code, Code::failed);
}

TEST_P(Parts, OneThatBreaksItsContractIsNotSent) {
    auto items = client->stream<count_wrong>({});
    EXPECT_EQ(items.next()->number, 1);
    EXPECT_EQ(failure_of([&] { items.next(); }).code, Code::internal);
}

TEST_P(Parts, OneThatTheCallerCannotReadEndsTheCall) {
    auto items = client->stream<misread>({.count = 1'000'000, .bytes = 1000});
    EXPECT_EQ(failure_of([&] { items.next(); }).code, Code::contract_mismatch);
}

TEST_P(Parts, WhoLeavesEarlyStopsTheHandler) {
    {
        auto items = client->stream<count_up>({.count = 1'000'000, .bytes = 1000});
        ASSERT_TRUE(items.next());
    }
    std::unique_lock lock{seen.mutex};
    EXPECT_TRUE(seen.changed.wait_for(lock, 20s, [&] { return seen.last.has_value(); }));
    EXPECT_LT(*seen.last, 1'000'000);
}

TEST_P(Parts, ACallerThatTakesNoneGetsTheResponseAlone) {
    const Sum sum = client->call<count_up_alone>({.count = 100'000, .bytes = 1000});
    EXPECT_EQ(sum.sent, 100'000);
    EXPECT_TRUE(sum.was_taken);
}

TEST_P(Parts, GoToAFunctionWithoutAThreadThatWaits) {
    std::vector<int> numbers;
    std::promise<std::expected<Sum, Failure>> outcome;
    client->start_stream<count_up>(
        {.count = 100, .bytes = 1000}, [&](const Item& item) { numbers.push_back(item.number); },
        [&](std::expected<Sum, Failure> sum) { outcome.set_value(std::move(sum)); },
        {.parts_window = 2000});
    EXPECT_EQ(outcome.get_future().get()->sent, 100);
    EXPECT_EQ(numbers.size(), 100U);
}

TEST_P(Parts, OfAMethodWithoutAContract) {
    auto items = client->stream("count_up", Dynamic::map({{"count", 2}, {"bytes", 1}}));
    EXPECT_EQ(*items.next(), Dynamic::map({{"number", 0}, {"text", "x"}}));
    EXPECT_EQ(*items.next(), Dynamic::map({{"number", 1}, {"text", "x"}}));
    EXPECT_EQ(items.response(), Dynamic::map({{"sent", 2}, {"was_taken", true}}));
    auto plain = client->stream("tell", Dynamic::map({{"count", 3}}));
    EXPECT_EQ(plain.response(), Dynamic{3}) << "a method without parts has none";
}

TEST_P(Parts, ProgressIsTold) {
    std::vector<Progress> told;
    EXPECT_EQ(
        client->call<tell>(
            {4}, {.on_progress = [&](const Progress& progress) { told.push_back(progress); }}),
        4);
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[1].fraction, 0.5);
    EXPECT_EQ(told[1].text, "step 2");
    EXPECT_EQ(told[1].data, Dynamic{2});
    EXPECT_EQ(client->call<tell>({4}), 4) << "nobody needs to listen";
}

TEST_P(Parts, SeveralCallsAtOnceDoNotMeet) {
    std::vector<warren::Parts<Item, Sum>> streams;
    for (int count = 1; count <= 20; ++count) {
        streams.push_back(client->stream<count_up_coroutine>({.count = count * 10, .bytes = 500},
                                                             {.parts_window = 1000}));
    }
    // In this order, as in memory no more than a few run at once.
    for (int count = 1; count <= 20; ++count) {
        auto& items = streams[static_cast<std::size_t>(count) - 1];
        int taken = 0;
        while (items.next()) {
            ++taken;
        }
        EXPECT_EQ(taken, count * 10);
    }
}

TEST_P(Parts, PassAProxyAndSoDoesTheCredit) {
    Server proxy;
    proxy.forward({.url = "memory:proxy_of_parts", .methods = {"count_up"}}, {.to = address()});
    proxy.start();
    Client far{"memory:proxy_of_parts"};
    auto items = far.stream<count_up>({.count = 200, .bytes = 1000}, {.parts_window = 10'000});
    int taken = 0;
    while (items.next()) {
        if (++taken < 150) {
            const std::lock_guard lock{seen.mutex};
            ASSERT_FALSE(seen.last) << "after " << taken;
        }
    }
    EXPECT_EQ(taken, 200);
    EXPECT_EQ(items.response().sent, 200);
}

/// A server whose coroutines call another one, on one worker.
struct Adders {
    explicit Adders(const std::string& address) : client{address} {
        server.method<add_up>([this](const Range& range, Context& context) -> task<int> {
            int sum = 0;
            auto items = context.stream<count_up_coroutine>(client, range);
            for (;;) {
                const std::optional<Item> item = co_await items.async_next();
                if (!item) {
                    break;
                }
                sum += item->number;
                begun.set(1);
            }
            co_return sum + items.response().sent;
        });
        server.method<add_until_failure>([this](const Range& range, Context& context) -> task<int> {
            int count = 0;
            auto items = context.stream<count_then_fail>(client, range);
            for (;;) {
                std::optional<Item> item;
                item = co_await items.async_next();
                if (!item) {
                    break;
                }
                ++count;
            }
            co_return count;
        });
        server.listen("memory:adders");
        server.start();
    }

    Seen begun;  // once a part has come
    Client client;
    Server server{{.workers = 1}};
};

TEST_P(Parts, AreTakenByCoroutinesWithoutAThread) {
    Adders adders{address()};
    Client caller{"memory:adders"};
    std::vector<std::future<int>> sums;
    for (int call = 0; call < 5; ++call) {
        auto promise = std::make_shared<std::promise<int>>();
        sums.push_back(promise->get_future());
        caller.start_call<add_up>(
            {.count = 100, .bytes = 10},
            [promise](std::expected<int, Failure> sum) { promise->set_value(sum.value_or(-1)); });
    }
    for (std::future<int>& sum : sums) {
        EXPECT_EQ(sum.get(), 99 * 100 / 2 + 100);
    }
    const Failure failure = failure_of([&] { caller.call<add_until_failure>({.count = 3}); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_TRUE(failure.message.contains("Out of items")) << failure.message;
}

TEST_P(Parts, OfANestedCallAreStoppedWithIt) {
    Adders adders{address()};
    Client caller{"memory:adders"};
    std::stop_source stop;
    std::promise<Code> ended;
    caller.start_call<add_up>(
        {.count = 1'000'000, .bytes = 1000},
        [&](std::expected<int, Failure> sum) { ended.set_value(sum ? Code{} : sum.error().code); },
        {.stop = stop.get_token()});
    ASSERT_TRUE(adders.begun.wait_for(1));
    stop.request_stop();
    EXPECT_EQ(ended.get_future().get(), Code::cancelled);
    std::unique_lock lock{seen.mutex};
    EXPECT_TRUE(seen.changed.wait_for(lock, 20s, [&] { return seen.last.has_value(); }));
    EXPECT_LT(*seen.last, 1'000'000);
}

INSTANTIATE_TEST_SUITE_P(Ways, Parts, testing::ValuesIn(ways()),
                         [](const auto& way) { return way.param.name; });

TEST(PartsOfTutorial, ComeInOrderAndThenTheResponse) {
    Seen seen;
    Server server;
    register_methods(server, seen);
    server.listen({.url = test::RabbitMq::shared().uri(),
                   .protocol = "tutorial",
                   .methods = {"count_up"},
                   .queue = {.name = "parts_tutorial"}});
    start(server);
    Client client{with(test::address_of(server), "peer=warren")};
    auto items = client.stream<count_up>({.count = 100, .bytes = 1000}, {.parts_window = 10'000});
    int next = 0;
    for (const Item& item : items) {
        EXPECT_EQ(item.number, next++);
    }
    EXPECT_EQ(next, 100);
    EXPECT_EQ(items.response().sent, 100);
}

TEST(PartsRefused, WhereTheWayHasNone) {
    for (const std::string address :
         {"arrpc://127.0.0.1:1", "tcp://127.0.0.1:1?peer=foreign", "amqp://127.0.0.1:1/?queue=q",
          "zmq+tcp://127.0.0.1:1?protocol=pyzmqrpc"}) {
        Client client{address, {.connect_attempts = 1}};
        auto items = client.stream<count_up>({});
        const Failure failure = failure_of([&] { items.next(); });
        EXPECT_EQ(failure.code, Code::invalid_request) << address;
        EXPECT_TRUE(failure.message.starts_with("Not sent: the call takes parts")) << address;
    }
}

TEST(Gather, StopsWhenItHasEnough) {
    Seen seen;
    Server server;
    register_methods(server, seen);
    server.listen("memory:gather");
    server.start();
    Client client{"memory:gather"};
    std::vector<ClientTarget> servers{client.target("gather"), client.target("gather"),
                                      client.target("nobody")};
    const auto all = gather<tell>(servers, Steps{3});
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0], 3);
    EXPECT_EQ(all[1], 3);
    EXPECT_EQ(all[2].error().code, Code::no_responder);
    const auto first = gather<tell>(servers, Steps{3}, {.successes = 1});
    EXPECT_TRUE(first[0].has_value() || first[1].has_value());
    const auto sentinel = gather<tell>(servers, Steps{3},
                                       {.sentinel = [](const int& answer) { return answer == 3; }});
    EXPECT_TRUE(sentinel[0].has_value() || sentinel[1].has_value());
}

}  // namespace parts_test
