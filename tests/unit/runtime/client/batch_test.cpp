#include <warren/batch.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <expected>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Many calls at once.
namespace batch_test {

using namespace warren;
using namespace std::chrono_literals;
using warren::test::address_of;
using warren::test::failure_of;

struct Item {
    int number = 0;
};
WARREN_MODEL(Item, (number, at_least(0)))
struct Price {
    std::string text;
};
WARREN_MODEL(Price, (text))

WARREN_CONTRACT(price_of, "price_of", Item, Price)
WARREN_CONTRACT(even, "even", Item, int)
WARREN_CONTRACT(nothing, "nothing", Item, void)
WARREN_CONTRACT(held, "held", Item, int)

using Items = std::vector<Item>;

// What g++ 12 would destroy twice beside co_await, and what would not be there any more.
template <typename Requests, typename... Options>
concept Batches = requires(Client& client, Requests&& requests, Options&&... options) {
    call_all<price_of>(client, std::forward<Requests>(requests), std::forward<Options>(options)...);
};
template <typename Requests, typename... Options>
concept BatchesInside =
    requires(Context& context, Client& client, Requests&& requests, Options&&... options) {
        context.call_any<price_of>(client, std::forward<Requests>(requests),
                                   std::forward<Options>(options)...);
    };
static_assert(Batches<Items&> && Batches<const Items&, const CallOptions&>);
static_assert(Batches<std::span<const Item>, CallOptions&>);
static_assert(!Batches<Items> && !Batches<Items, CallOptions&> && !Batches<Items&, CallOptions>);
static_assert(BatchesInside<Items&> && BatchesInside<Items&, CallOptions&>);
static_assert(!BatchesInside<Items> && !BatchesInside<Items&, CallOptions>);

Items numbers(int count) {
    Items items(static_cast<std::size_t>(count));
    for (int number = 0; number < count; ++number) {
        items[static_cast<std::size_t>(number)].number = number;
    }
    return items;
}

class BatchesOfCalls : public testing::Test {
protected:
    BatchesOfCalls() {
        server_.method<price_of>(
            [](const Item& item) { return Price{std::to_string(item.number)}; });
        server_.method<even>([](const Item& item) {
            if (item.number % 2 != 0) {
                throw Error{"odd"};
            }
            return item.number;
        });
        server_.method<nothing>([](const Item&) {});
        // Each waits until so many are there.
        server_.method<held>([this](const Item&, Responder<int> responder) {
            const std::lock_guard lock{mutex_};
            if (is_closing_) {
                return;
            }
            held_.push_back(std::move(responder));
            most_ = std::max(most_, held_.size());
            if (held_.size() == together_) {
                for (Responder<int>& each : std::exchange(held_, {})) {
                    each.respond(1);
                }
            }
            changed_.notify_all();
        });
        server_.listen({.url = "tcp://127.0.0.1:0", .limits = {.connection_requests_max = 5'000}});
        server_.start();
    }

    ~BatchesOfCalls() override {
        std::vector<Responder<int>> last;
        const std::lock_guard lock{mutex_};
        is_closing_ = true;
        last = std::exchange(held_, {});
    }

    void wait_for_held(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return held_.size() == count; });
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Responder<int>> held_;
    std::size_t together_ = 0;
    std::size_t most_ = 0;
    bool is_closing_ = false;
    Server server_{{.workers = 2}};
};

TEST_F(BatchesOfCalls, GiveEveryOutcomeInOrder) {
    Client client{address_of(server_)};
    const Items items = numbers(1000);
    const auto prices = call_all<price_of>(client, items).get();
    ASSERT_EQ(prices.size(), 1000U);
    for (int number = 0; number < 1000; ++number) {
        EXPECT_EQ(prices[static_cast<std::size_t>(number)].value().text, std::to_string(number));
    }
    Items some = numbers(3);
    some[2].number = -1;
    const auto outcomes = call_all<even>(client, some).get();
    EXPECT_EQ(outcomes[0], 0);
    EXPECT_EQ(outcomes[1].error().code, Code::failed);
    EXPECT_EQ(outcomes[2].error().code, Code::invalid_request);
    EXPECT_EQ(call_all<nothing>(client, some).get().size(), 3U);
    EXPECT_TRUE(call_all<price_of>(client, std::span<const Item>{}).get().empty());
}

TEST_F(BatchesOfCalls, KeepToTheRoomOfTheirClient) {
    Client client{address_of(server_), {.in_flight_max = 4}};
    const Items items = numbers(500);
    const auto prices = call_all<price_of>(client, items).get();
    EXPECT_TRUE(std::ranges::all_of(prices, [](const auto& price) { return price.has_value(); }));
    // Also when others have all of it.
    together_ = 5;
    for (int call = 0; call < 4; ++call) {
        client.start_call<held>({}, [](std::expected<int, Failure>) {});
    }
    wait_for_held(4);
    const auto last = call_all<held>(client, std::span{items}.first(1)).get();
    EXPECT_EQ(last[0], 1);
}

TEST_F(BatchesOfCalls, HaveSoManyUnderWayAsTheirOptionsSay) {
    Client client{address_of(server_)};
    const Items items = numbers(1000);
    together_ = 100;
    const CallOptions hundred{.at_once_max = 100};
    const auto outcomes = call_all<held>(client, items, hundred).get();
    EXPECT_TRUE(std::ranges::all_of(outcomes, [](const auto& each) { return each == 1; }));
    EXPECT_EQ(most_, 100U);
    together_ = 1;
    const CallOptions none{.at_once_max = 0};
    EXPECT_EQ(call_all<held>(client, std::span{items}.first(3), none).get()[2], 1) << "one it is";
}

TEST_F(BatchesOfCalls, HaveOneDeadline) {
    Client client{address_of(server_)};
    const Items items = numbers(20);
    const CallOptions options{.timeout = 30ms, .at_once_max = 2};
    const auto outcomes = call_all<held>(client, items, options).get();
    for (const auto& outcome : outcomes) {
        EXPECT_EQ(outcome.error().code, Code::deadline_exceeded);
    }
    EXPECT_TRUE(outcomes[19].error().message.contains("Not sent"));
    const std::lock_guard lock{mutex_};
    EXPECT_LE(held_.size(), 2U);
}

TEST_F(BatchesOfCalls, AreCancelledTogether) {
    Client client{address_of(server_)};
    const Items items = numbers(20);
    std::stop_source stop;
    const CallOptions options{.stop = stop.get_token(), .at_once_max = 2};
    std::jthread canceller{[&] {
        wait_for_held(2);
        stop.request_stop();
    }};
    for (const auto& outcome : call_all<held>(client, items, options).get()) {
        EXPECT_EQ(outcome.error().code, Code::cancelled);
    }
    EXPECT_EQ(client.counters().in_flight, 0U);
}

TEST_F(BatchesOfCalls, GiveTheFirstSuccess) {
    Client client{address_of(server_)};
    Items items = numbers(4);
    std::ranges::reverse(items);
    EXPECT_EQ(call_any<even>(client, std::span{items}.first(2)).get(), 2);
    const Items odd(3, Item{.number = 7});
    const Failure failure = failure_of([&] { call_any<even>(client, odd).get(); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_EQ(failure.message, "odd");
    EXPECT_EQ(failure_of([&] { call_any<even>(client, std::span<const Item>{}).get(); }).code,
              Code::internal);
    call_any<nothing>(client, items).get();
}

/// The winner ends the others, at their servers too.
TEST_F(BatchesOfCalls, CancelTheOthersAfterTheFirstSuccess) {
    Client client{address_of(server_)};
    const Item item{.number = 2};
    EXPECT_EQ(when_any(lazy_call<held>(client, item), lazy_call<held>(client, item),
                       lazy_call<even>(client, item))
                  .get(),
              2);
    EXPECT_EQ(client.counters().in_flight, 0U);
    EXPECT_EQ(when_any(lazy_call<even>(client, item)).get(), 2);
}

TEST_F(BatchesOfCalls, OfManyKindsGiveEachItsOutcome) {
    Client client{address_of(server_)};
    Client other{address_of(server_)};
    const Item item{.number = 3};
    const auto [price, number, done] =
        when_all(lazy_call<price_of>(client, item), lazy_call<even>(other, item),
                 lazy_call<nothing>(client, item))
            .get();
    EXPECT_EQ(price.value().text, "3");
    EXPECT_EQ(number.error().message, "odd");
    EXPECT_TRUE(done.has_value());
}

TEST_F(BatchesOfCalls, OfAClosedClientAreCancelled) {
    Client client{address_of(server_)};
    client.close();
    const Items items = numbers(20'000);
    const auto outcomes = call_all<price_of>(client, items).get();
    EXPECT_TRUE(std::ranges::all_of(
        outcomes, [](const auto& each) { return each.error().code == Code::cancelled; }));
    const Item item;
    EXPECT_EQ(failure_of([&] {
                  when_any(lazy_call<even>(client, item), lazy_call<even>(client, item)).get();
              }).code,
              Code::cancelled);
}

TEST_F(BatchesOfCalls, AreMadeOnceAndNotOnTheIoThread) {
    Client client{address_of(server_)};
    const Item item;
    auto batch = when_all(lazy_call<even>(client, item));
    batch.get();
    EXPECT_EQ(failure_of([&] { batch.get(); }).code, Code::internal);
    auto call = lazy_call<even>(client, item);
    const auto first = when_all(std::move(call));
    std::promise<std::string> said;
    client.start_call<even>(item, [&](std::expected<int, Failure>) {
        said.set_value(
            failure_of([&] { call_all<even>(client, std::span{&item, 1}).get(); }).message);
    });
    EXPECT_TRUE(said.get_future().get().contains("would wait for itself"));
}

/// Their requests may throw while they are read, as users' own checks do.
struct Fragile {
    int number = 0;
};
WARREN_MODEL(Fragile, (number, satisfies(
                                   [](int number) {
                                       if (number == 1) {
                                           throw 7;  // NOLINT: users do such things
                                       }
                                       return true;
                                   },
                                   "It holds")))
WARREN_CONTRACT(fragile, "even", Fragile, int)

TEST_F(BatchesOfCalls, LoseNothingWhenARequestThrows) {
    Client client{address_of(server_)};
    const std::vector<Fragile> requests{{.number = 0}, {.number = 1}, {.number = 2}};
    const auto outcomes = call_all<fragile>(client, requests).get();
    EXPECT_EQ(outcomes[0], 0);
    EXPECT_EQ(outcomes[1].error().code, Code::internal);
    EXPECT_EQ(outcomes[2], 2);
    EXPECT_EQ(client.counters().in_flight, 0U);
}

TEST_F(BatchesOfCalls, AreAwaitedByHandlers) {
    Client client{address_of(server_)};
    Server front{{.workers = 1}};
    front.method("all",
                 [&](int count, Context& context) -> task<int> {
                     const Items items = numbers(count);
                     const CallOptions options{.at_once_max = 7};
                     const auto prices =
                         co_await context.call_all<price_of>(client, items, options);
                     co_return static_cast<int>(std::ranges::count_if(
                         prices, [](const auto& price) { return price.has_value(); }));
                 },
                 {"count"});
    front.method("any", [&](Context& context) -> task<int> {
        const Items items{{.number = 1}, {.number = 6}};
        const int first = co_await context.call_any<even>(client, items);
        co_return first;
    });
    front.method("two", [&](Context& context) -> task<std::string> {
        const Item item{.number = 4};
        const auto [price, number] = co_await when_all(context.call<price_of>(client, item),
                                                       context.call<even>(client, item));
        co_return price.value().text + std::to_string(number.value());
    });
    front.method("odd", [&](Context& context) -> task<int> {
        const Item item{.number = 5};
        const auto [number] = co_await when_all(context.call<even>(client, item));
        co_return number.value();
    });
    front.method("hedged", [&](Context& context) -> task<int> {
        const Item item{.number = 4};
        const int first =
            co_await when_any(context.call<held>(client, item), context.call<even>(client, item));
        co_return first;
    });
    front.method("hopeless", [&](Context& context) -> task<int> {
        const Item item{.number = 4};
        const int first =
            co_await when_any(context.call<held>(client, item), context.call<held>(client, item));
        co_return first;
    });
    front.listen("tcp://127.0.0.1:0");
    front.start();
    {
        Client caller{address_of(front)};
        EXPECT_EQ(caller.call("all", Dynamic::map({{"count", 1000}})), Dynamic{1000});
        EXPECT_EQ(caller.call("all", Dynamic::map({{"count", 0}})), Dynamic{0});
        EXPECT_EQ(caller.call("any", Dynamic::map({})), Dynamic{6});
        EXPECT_EQ(caller.call("two", Dynamic::map({})), Dynamic{"44"});
        const Failure odd = failure_of([&] { caller.call("odd", Dynamic::map({})); });
        EXPECT_EQ(odd.code, Code::failed);
        EXPECT_EQ(odd.message, "odd");
        EXPECT_EQ(caller.call("hedged", Dynamic::map({})), Dynamic{4});
        // The end of the outer call is that of all.
        EXPECT_EQ(
            failure_of([&] { caller.call("hopeless", Dynamic::map({}), {.timeout = 50ms}); }).code,
            Code::deadline_exceeded);
    }
    front.stop();
    EXPECT_EQ(client.counters().in_flight, 0U);
}

}  // namespace batch_test
