// Clients that were built from another contract than their server.

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/rabbitmq.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace warren::test {
namespace {

namespace older {
struct Order {
    std::string tea;
};
WARREN_MODEL(Order, (tea))
WARREN_CONTRACT(brew, "brew", Order, std::string)
}  // namespace older

namespace newer {
struct Order {
    std::string tea;
    int cups = 1;
};
WARREN_MODEL(Order, (tea, min_length(3)), (cups))
WARREN_CONTRACT(brew, "brew", Order, std::string)
}  // namespace newer

class Lines final : public Log {
public:
    void write(LogLevel level, std::string_view line) override {
        if (level == LogLevel::warning) {
            const std::lock_guard lock{mutex_};
            warnings_.emplace_back(line);
        }
    }
    std::vector<std::string> warnings() const {
        const std::lock_guard lock{mutex_};
        return warnings_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> warnings_;
};

class Kitchen {
public:
    explicit Kitchen(ListenerOptions listener) {
        server_.method<newer::brew>([](const newer::Order& order) { return order.tea; });
        server_.listen(std::move(listener));
        std::promise<void> ready;
        server_.on_ready([&ready] { ready.set_value(); });
        server_.start();
        ready.get_future().wait();
    }
    std::string address() const { return server_.addresses().front(); }
    /// What it said, once all is written.
    std::vector<std::string> warnings() {
        server_.stop();
        return log_->warnings();
    }

private:
    std::shared_ptr<Lines> log_ = std::make_shared<Lines>();
    Server server_{{.log = log_}};
};

template <typename Contract, typename Order>
std::string outcome(Client& client, const Order& order) {
    try {
        return client.call<Contract>(order);
    } catch (const Error& error) {
        return error.what();
    }
}

/// At a broker and in memory that is what clients do.
ClientOptions telling(std::string_view address) {
    ClientOptions options;
    if (address.starts_with("tcp") || address.starts_with("zmq")) {
        options.tells_contract = true;
    }
    return options;
}

void expect_noticed(const std::string& address, Kitchen& kitchen) {
    SCOPED_TRACE(address);
    Client client{address, telling(address)};
    EXPECT_EQ(outcome<newer::brew>(client, newer::Order{.tea = "Assam"}), "Assam");
    EXPECT_EQ(outcome<older::brew>(client, older::Order{"Assam"}), "Assam") << "it fits";
    for (int time = 0; time < 3; ++time) {
        const std::string refused = outcome<older::brew>(client, older::Order{"A"});
        EXPECT_TRUE(refused.starts_with("contract_mismatch: ")) << refused;
        EXPECT_TRUE(refused.contains("tea: Text should have at least 3 characters")) << refused;
    }
    client.close();
    const std::vector<std::string> warnings = kitchen.warnings();
    ASSERT_EQ(warnings.size(), 1U) << "once for each caller";
    EXPECT_TRUE(warnings.front().starts_with("brew: ")) << warnings.front();
    EXPECT_TRUE(warnings.front().contains("calls by another contract than this server's"));
}

TEST(ContractSkew, IsNoticedOverWhateverHasRoomForIt) {
    const std::string broker = RabbitMq::shared().uri();
    const std::string at_broker = broker + "?queue=contract_skew&peer=warren";
    const std::string callme = broker + "?protocol=callme&server_id=skew&peer=warren&format=json";
    const std::vector<std::pair<ListenerOptions, std::string>> places{
        {{.url = "memory:contract_skew?queue=teas"}, "memory:contract_skew?queue=teas"},
        {{.url = "tcp://127.0.0.1:0"}, ""},
        {{.url = "zmq+tcp://127.0.0.1:0"}, ""},
        {{.url = broker, .queue = {.name = "contract_skew"}}, at_broker},
        {{.url = broker,
          .protocol = "callme",
          .callme = {.server_id = "skew", .format = CallmeFormat::json}},
         callme}};
    for (const auto& [listener, client] : places) {
        Kitchen kitchen{listener};
        expect_noticed(client.empty() ? kitchen.address() : client, kitchen);
    }
}

TEST(ContractSkew, NothingIsServedToItWhereThatIsWanted) {
    Kitchen kitchen{{.url = "tcp://127.0.0.1:0", .strict_contracts = true}};
    Client client{kitchen.address(), {.tells_contract = true}};
    EXPECT_EQ(outcome<newer::brew>(client, newer::Order{.tea = "Assam"}), "Assam");
    const std::string refused = outcome<older::brew>(client, older::Order{"Assam"});
    EXPECT_TRUE(refused.starts_with("contract_mismatch: The caller's contract of 'brew'"))
        << refused;
    EXPECT_EQ(client.call("brew", Dynamic::map({{"tea", "Assam"}})), Dynamic{"Assam"})
        << "who says nothing is served";
}

TEST(ContractSkew, NobodyIsToldWhoNeedNotKnow) {
    const std::string invalid = "invalid_request: Request validation failed";
    {
        Kitchen kitchen{{.url = "tcp://127.0.0.1:0"}};
        Client foreign{kitchen.address() + "?peer=foreign", {.tells_contract = true}};
        EXPECT_TRUE(outcome<older::brew>(foreign, older::Order{"A"}).starts_with(invalid));
        Client silent{kitchen.address()};
        EXPECT_TRUE(outcome<older::brew>(silent, older::Order{"A"}).starts_with(invalid));
        EXPECT_EQ(kitchen.warnings(), std::vector<std::string>{});
    }
    const std::string broker = RabbitMq::shared().uri();
    Kitchen kitchen{{.url = broker, .queue = {.name = "contract_skew_foreign"}}};
    Client foreign{broker + "?queue=contract_skew_foreign"};
    EXPECT_TRUE(outcome<older::brew>(foreign, older::Order{"A"}).starts_with(invalid));
}

}  // namespace
}  // namespace warren::test
