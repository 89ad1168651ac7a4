#include "faults/free_port.hpp"
#include "faults/load.hpp"
#include "faults/service.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

/// Two servers, each restarted again and again by SIGTERM while clients place orders: no call is
/// lost, none is done twice, and none fails, though clients send again by themselves alone.
namespace warren::faults {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t threads = 16;  // more than what a client sends again of its own accord
constexpr std::size_t restarts = 6;

/// Where two servers listen, and where both are called.
struct Places {
    std::array<std::vector<std::string>, 2> servers;
    std::string client;
};

class RollingRestart : public testing::Test {
protected:
    static std::string tcp() { return fmt::format("127.0.0.1:{}", free_port()); }

    void expect_nothing_lost(const Places& places) {
        std::array<Service, 2> services{service(places.servers[0]), service(places.servers[1])};
        Client operator_{places.client, {.timeout = 30s}};
        operator_.call("set_up", Dynamic::map({{"stock", 1'000'000}}), {.idempotent = true});
        Load::Counts counts;
        {
            Load load{places.client, threads, Keys::one_each};
            load.await_more(threads);
            for (std::size_t restart = 0; restart < restarts; ++restart) {
                Service& next = services[restart % services.size()];
                EXPECT_EQ(next.terminate(), 0) << "it has answered all that it had taken";
                next.start();
                load.await_more(4 * threads);
            }
            counts = load.finish();
        }
        for (const auto& [code, count] : counts.failures) {
            ADD_FAILURE() << count << " calls failed: " << name_of(code);
        }
        EXPECT_EQ(counts.answered, counts.calls);
        EXPECT_EQ(counts.hung, 0U);
        const Dynamic totals = operator_.call("totals", {}, {.idempotent = true});
        EXPECT_EQ(totals["orders"].as_int64(), static_cast<std::int64_t>(counts.calls));
        EXPECT_EQ(totals["doubled"].as_int64(), 0);
        EXPECT_EQ(totals["sold"].as_int64(), static_cast<std::int64_t>(counts.calls));
    }

private:
    Service service(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all{WARREN_ORDER_SERVICE};
        all.insert(all.end(), arguments.begin(), arguments.end());
        all.insert(all.end() - 1, directory_.file("orders.db"));
        return Service{all, directory_.file("log")};
    }

    const test::TemporaryDirectory directory_;
};

TEST_F(RollingRestart, AtABroker) {
    const std::string address = test::RabbitMq::shared().uri() + "?queue=rolling_restart";
    expect_nothing_lost({.servers = {{{address}, {address}}}, .client = address});
}

TEST_F(RollingRestart, OverTcpAtOnePort) {
    const std::string address = "tcp://" + tcp();
    const std::vector<std::string> server{"--reuse-port", address};
    expect_nothing_lost({.servers = {{server, server}}, .client = address});
}

TEST_F(RollingRestart, OverTcpAtTwoAddresses) {
    const std::string one = tcp();
    const std::string other = tcp();
    expect_nothing_lost({.servers = {{{"tcp://" + one}, {"tcp://" + other}}},
                         .client = "tcp://" + one + ',' + other});
}

TEST_F(RollingRestart, OverZeroMq) {
    const std::string one = tcp();
    const std::string other = tcp();
    expect_nothing_lost({.servers = {{{"zmq+tcp://" + one}, {"zmq+tcp://" + other}}},
                         .client = "zmq+tcp://" + one + ',' + other});
}

}  // namespace
}  // namespace warren::faults
