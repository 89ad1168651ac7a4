#include <warren/module.hpp>
#include <warren/transaction.hpp>

#include <string>

namespace {

using warren::Context;
using warren::Transaction;

int number_in(const std::vector<Transaction::Row>& rows) {
    return static_cast<int>(rows.front().front()->as_int64());
}

void set_up(Context& context) {
    context.commit([](Transaction& transaction) {
        transaction.execute("CREATE TABLE IF NOT EXISTS orders (id text)");
    });
}

struct Order {
    std::string id;
    std::string item;
    int count = 1;
};
WARREN_MODEL(Order, (id), (item), (count))

/// Its effect is there together with its reply, or not at all.
int place_order(const Order& order, Context& context) {
    return context.commit([&](Transaction& transaction) {
        transaction.execute("INSERT INTO orders VALUES ($1)", {order.id});
        return order.count;
    });
}

struct Totals {
    int orders = 0;
    int different = 0;
};
WARREN_MODEL(Totals, (orders), (different))

Totals totals(Context& context) {
    return context.commit([](Transaction& transaction) {
        return Totals{
            .orders = number_in(transaction.query("SELECT count(*) FROM orders")),
            .different = number_in(transaction.query("SELECT count(DISTINCT id) FROM orders"))};
    });
}

}  // namespace

/// Orders that somebody counts: none may be lost, and none taken twice.
WARREN_MODULE(orders) {
    orders.method("set_up", set_up);
    orders.method("place_order", place_order);
    orders.method("totals", totals).idempotency(warren::Idempotency::none);
}
