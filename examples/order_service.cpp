// An order service that takes every order once, whatever happens to it, to its callers or to what
// is between them: each order and its reply become durable together.
//
//     example_order_service [--classic] [--reuse-port] STORE ADDRESS...
//     example_order_service /var/lib/shop/orders.db tcp://127.0.0.1:7000
//     example_order_service 'postgresql:///shop' 'amqp://localhost/?queue=orders'
//
//     warren call set_up '{"stock": 100}' --to tcp://127.0.0.1:7000
//     warren call place_order '{"id": "order 7", "item": "onions", "count": 3}'
//         --to tcp://127.0.0.1:7000 --idempotency-key 'order 7'
#include <warren/log.hpp>
#include <warren/server.hpp>
#include <warren/transaction.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

using warren::Context;
using warren::Transaction;

struct SetUp {
    int stock = 0;
};
WARREN_MODEL(SetUp, (stock, at_least(0), describe("how many of each item there are")))

struct Order {
    std::string id;
    std::string item;
    int count = 1;
};
WARREN_MODEL(Order, (id, min_length(1)), (item, min_length(1)), (count, greater_than(0)))

struct Placed {
    int left = 0;
};
WARREN_MODEL(Placed, (left, describe("how many of the item are left")))

struct Totals {
    int orders = 0;
    int doubled = 0;
    int sold = 0;
};
WARREN_MODEL(Totals, (orders), (doubled, describe("orders that were taken more than once")),
             (sold, describe("how many items are gone from the stock")))

namespace {

int number_in(const std::vector<Transaction::Row>& rows) {
    return rows.empty() ? 0 : static_cast<int>(rows.front().front()->as_int64());
}

void set_up(const SetUp& wanted, Context& context) {
    context.commit([&](Transaction& transaction) {
        transaction.execute(
            "CREATE TABLE IF NOT EXISTS orders (id text, item text, count integer)");
        transaction.execute(
            "CREATE TABLE IF NOT EXISTS stock (item text PRIMARY KEY, at_first integer, amount "
            "integer)");
        for (const char* const item : {"onions", "garlic", "leek"}) {
            transaction.execute("INSERT INTO stock VALUES ($1, $2, $2) ON CONFLICT DO NOTHING",
                                {item, wanted.stock});
        }
    });
}

Placed place_order(const Order& order, Context& context) {
    return context.commit([&](Transaction& transaction) {
        const auto taken = transaction.execute(
            "UPDATE stock SET amount = amount - $1 WHERE item = $2 AND amount >= $1",
            {order.count, order.item});
        if (taken == 0) {
            throw warren::Error{"there are not so many " + order.item};  // and nothing is changed
        }
        transaction.execute("INSERT INTO orders VALUES ($1, $2, $3)",
                            {order.id, order.item, order.count});
        return Placed{.left = number_in(transaction.query(
                          "SELECT amount FROM stock WHERE item = $1", {order.item}))};
    });
}

Totals totals(Context& context) {
    return context.commit([](Transaction& transaction) {
        return Totals{
            .orders = number_in(transaction.query("SELECT count(*) FROM orders")),
            .doubled = number_in(transaction.query("SELECT count(*) FROM (SELECT id FROM orders "
                                                   "GROUP BY id HAVING count(*) > 1) AS d")),
            .sold = number_in(
                transaction.query("SELECT CAST(sum(at_first - amount) AS integer) FROM stock"))};
    });
}

}  // namespace

int main(int count, char** arguments) {
    std::span<char*> given{arguments + 1, arguments + count};
    const auto is_asked_for = [&](std::string_view option) {
        const bool is_there = !given.empty() && given.front() == option;
        given = given.subspan(is_there ? 1 : 0);
        return is_there;
    };
    // Quorum queues, unless classic ones are asked for.
    const bool is_classic = is_asked_for("--classic");
    // Two of these may have one TCP port, so that one starts before the other ends.
    const bool reuses_port = is_asked_for("--reuse-port");
    if (given.size() < 2) {
        std::fprintf(stderr, "usage: %s [--classic] [--reuse-port] STORE ADDRESS...\n",
                     arguments[0]);
        return 2;
    }
    const std::string store = given.front();
    const bool is_postgresql = store.starts_with("postgresql:");
    try {
        warren::Server server{{.log = warren::stderr_log(),
                               .store = {.sqlite = is_postgresql ? "" : store,
                                         .postgresql = is_postgresql ? store : ""}}};
        server.method("set_up", set_up);
        server.method("place_order", place_order);
        server.method("totals", totals).idempotency(warren::Idempotency::none);
        for (const std::string address : given.subspan(1)) {
            warren::ListenerOptions listener{.url = address};
            if (address.starts_with("amqp") && !is_classic) {
                listener.queue.type = warren::QueueType::quorum;
            }
            listener.tcp.reuse_port = reuses_port && address.starts_with("tcp");
            server.listen(std::move(listener));
        }
        server.on_ready([] {
            std::puts("ready");
            std::fflush(stdout);
        });
        return warren::run_until_signal(server);
    } catch (const warren::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
