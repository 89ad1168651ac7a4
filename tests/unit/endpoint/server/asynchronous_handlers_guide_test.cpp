#include <warren/batch.hpp>  // brings <warren/lazy_call.hpp> and <warren/task.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// The code of docs/guide/asynchronous-handlers.md, which tests/unit/tree/guide_test.py holds to it.
namespace asynchronous_handlers_guide_test {

using namespace std::chrono_literals;

struct Item {
    std::string name;
};
WARREN_MODEL(Item, (name))
struct Order {
    std::string id;
    Item item;
    int count = 1;
};
WARREN_MODEL(Order, (id), (item), (count))
struct Basket {
    std::vector<Item> items;
};
WARREN_MODEL(Basket, (items))
struct Price {
    int amount = 0;
};
WARREN_MODEL(Price, (amount))
struct Stock {
    int count = 0;
};
WARREN_MODEL(Stock, (count))
struct Total {
    int amount = 0;
};
WARREN_MODEL(Total, (amount))
struct Offer {
    int amount = 0;
    int count = 0;
};
WARREN_MODEL(Offer, (amount), (count))

WARREN_CONTRACT(price_of, "price_of", Item, Price)
WARREN_CONTRACT(stock_of, "stock_of", Item, Stock)
WARREN_CONTRACT(offer_of, "offer_of", Item, Offer)
WARREN_CONTRACT(price_with, "price_with", Order, Price)

std::unique_ptr<warren::Client> shop;
warren::Client& prices() {
    return *shop;
}
warren::Client& other_prices() {
    return *shop;
}
warren::Client& warehouse() {
    return *shop;
}

warren::task<Total> add_up(const Order& order, warren::Context& context) {
    const Price price = co_await context.call<price_of>(prices(), order.item);
    co_return Total{price.amount * order.count};
}

warren::task<int> count_left(const Item& item, warren::Context& context) {
    const Stock stock = co_await context.call<stock_of>(warehouse(), item);
    co_return stock.count;
}

warren::task<bool> can_deliver(const Order& order, warren::Context& context) {
    const int left = co_await count_left(order.item, context);
    co_return left >= order.count;
}

warren::task<int> awaits(const Item& item, warren::Context& context) {
    const Price price = co_await context.call<price_of>(prices(), item);
    co_return price.amount;
}

int gets(const Item& item, warren::Context& context) {
    const Price price = context.call<price_of>(prices(), item).get();
    return price.amount;
}

void starts(const Item& item, warren::Context& context, warren::Responder<int> responder) {
    context.call<price_of>(prices(), item)
        .start([responder =
                    std::move(responder)](std::expected<Price, warren::Failure> price) mutable {
            price ? responder.respond(price->amount) : responder.fail(price.error());
        });
}

warren::task<Price> price_with_options(const Order& order, warren::Context& context) {
    context.call_margin = 100ms;  // a long way back to our own caller
    const warren::CallOptions options{.timeout = 2s, .idempotency_key = order.id, .priority = 0};
    const Price price = co_await context.call<price_of>(prices(), order.item, options);
    co_return price;
}

warren::task<Offer> offer(const Item& item, warren::Context& context) {
    const auto [price, stock] = co_await warren::when_all(
        context.call<price_of>(prices(), item), context.call<stock_of>(warehouse(), item));
    co_return Offer{price.value().amount, stock.value().count};
}

warren::task<int> first_price(const Item& item, warren::Context& context) {
    const Price price = co_await warren::when_any(context.call<price_of>(prices(), item),
                                                  context.call<price_of>(other_prices(), item));
    co_return price.amount;
}

warren::task<int> sum_of(const Basket& basket, warren::Context& context) {
    const std::vector<Item>& items = basket.items;
    const auto outcomes = co_await context.call_all<price_of>(prices(), items);
    int sum = 0;
    for (const std::expected<Price, warren::Failure>& price : outcomes) {
        sum += price.value().amount;
    }
    co_return sum;
}

TEST(AsynchronousHandlersGuide, DoesWhatItSays) {
    warren::Server back;
    back.method<price_of>([](const Item& item) {
        if (item.name.empty()) {
            throw warren::Error{"nothing has no price"};
        }
        return Price{static_cast<int>(item.name.size())};
    });
    back.method<stock_of>([](const Item&) { return Stock{7}; });
    back.listen("tcp://127.0.0.1:0");
    back.start();
    shop = std::make_unique<warren::Client>(warren::test::address_of(back));

    warren::Server server;
    server.method("add_up", add_up);
    server.method("can_deliver", can_deliver);
    server.method("awaits", awaits);
    server.method("gets", gets);
    server.method("starts", starts);
    server.method<price_with>(price_with_options);
    server.method<offer_of>(offer);
    server.method("first_price", first_price);
    server.method("sum_of", sum_of);
    server.listen("tcp://127.0.0.1:0");
    server.start();
    {
        warren::Client client{warren::test::address_of(server)};
        const Item pear{"pear"};
        const Order order{.id = "7", .item = pear, .count = 3};
        const auto call = [&](const char* method, const auto& request) {
            return client.call(method, warren::Dynamic::of(request));
        };
        EXPECT_EQ(call("add_up", order)["amount"].as_int64(), 12);
        EXPECT_EQ(call("can_deliver", order), warren::Dynamic{true});
        for (const char* const method : {"awaits", "gets", "starts", "first_price"}) {
            EXPECT_EQ(call(method, pear), warren::Dynamic{4}) << method;
            EXPECT_EQ(warren::test::failure_of([&] { call(method, Item{}); }).message,
                      "nothing has no price")
                << method;
        }
        EXPECT_EQ(client.call<price_with>(order).amount, 4);
        EXPECT_EQ(client.call<offer_of>(pear).count, 7);
        EXPECT_EQ(call("sum_of", Basket{{pear, pear, pear}}), warren::Dynamic{12});
        EXPECT_EQ(warren::test::failure_of([&] { call("sum_of", Basket{{pear, Item{}}}); }).code,
                  warren::Code::failed);
    }
    server.stop();
    {
        warren::Client client{warren::test::address_of(back)};
        const Item item{"pear"};
        const std::vector<Item> items(20, item);
        const auto outcomes = warren::call_all<price_of>(client, items).get();
        const auto [price, stock] = warren::when_all(warren::lazy_call<price_of>(client, item),
                                                     warren::lazy_call<stock_of>(warehouse(), item))
                                        .get();
        EXPECT_EQ(outcomes.size(), 20U);
        EXPECT_EQ(price.value().amount, 4);
        EXPECT_EQ(stock.value().count, 7);
    }
    shop.reset();
}

}  // namespace asynchronous_handlers_guide_test
