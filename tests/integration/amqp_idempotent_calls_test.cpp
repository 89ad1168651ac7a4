#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string>

// Idempotent calls through a broker whose connections break.
namespace warren::test {
namespace {

using namespace std::chrono_literals;

/// Notes of each call what its handlers saw, and lets handlers wait.
class Account {
public:
    std::int64_t work(std::int64_t number, const Context& context) {
        std::unique_lock lock{mutex_};
        keys_[number].emplace(context.idempotency_key);
        attempts_[number] = std::max(attempts_[number], context.attempt);
        opened_.wait(lock, [&] { return is_open_; });
        return number;
    }
    void open(bool is_open) {
        {
            const std::scoped_lock lock{mutex_};
            is_open_ = is_open;
        }
        opened_.notify_all();
    }
    std::map<std::int64_t, std::set<std::string>> keys() {
        const std::scoped_lock lock{mutex_};
        return keys_;
    }
    std::uint32_t attempts(std::int64_t number) {
        const std::scoped_lock lock{mutex_};
        return attempts_[number];
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = true;
    std::map<std::int64_t, std::set<std::string>> keys_;
    std::map<std::int64_t, std::uint32_t> attempts_;
};

struct Outcome {
    std::promise<std::expected<Dynamic, Failure>> reply;
    std::atomic<std::uint32_t> attempts = 0;
};

TEST(AmqpIdempotentCalls, EndInSuccessUnderOneKeyEachThoughConnectionsBreak) {
    constexpr std::int64_t at_once = 8;  // not more than may be sent again in a row
    constexpr int breaks = 3;
    RabbitMq& broker = RabbitMq::shared();
    Account account;
    Server server;
    server.method(
        "work",
        [&account](std::int64_t number, Context& context) { return account.work(number, context); },
        {"number"});
    server.listen({.url = broker.uri(), .queue = {.name = "idempotent"}});
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
    Client client{broker.uri() + "?queue=idempotent&peer=warren"};

    std::int64_t number = 0;
    for (int round = 0; round < breaks; ++round) {
        // A tenth of the calls may be sent again.
        for (std::int64_t quick = 0; quick < 10 * at_once; ++quick) {
            const std::int64_t own = ++number;
            EXPECT_EQ(client.call("work", Dynamic::map({{"number", own}}), {.idempotent = true}),
                      Dynamic{own});
        }
        account.open(false);
        std::map<std::int64_t, Outcome> under_way;
        for (std::int64_t started = 0; started < at_once; ++started) {
            const std::int64_t own = ++number;
            Outcome& outcome = under_way[own];
            client.start_call(
                "work", Dynamic::map({{"number", own}}),
                [&outcome](auto reply) { outcome.reply.set_value(std::move(reply)); },
                {.idempotent = true, .on_attempt = [&outcome](const CallAttempt& attempt) {
                     outcome.attempts = attempt.number;
                 }});
        }
        ASSERT_TRUE(eventually([&] {
            const RabbitMq::QueueDepth depth = broker.queue_depth("idempotent");
            return depth.ready + depth.unacknowledged == at_once;
        }));
        EXPECT_EQ(broker.close_all_connections("a break"), 2U);
        account.open(true);
        for (auto& [own, outcome] : under_way) {
            const auto reply = outcome.reply.get_future().get();
            ASSERT_TRUE(reply) << to_string(reply.error());
            EXPECT_EQ(*reply, Dynamic{own});
            EXPECT_GE(outcome.attempts, 2U);
            EXPECT_GE(account.attempts(own), 2U);
        }
    }
    server.stop();

    std::set<std::string> all;
    for (const auto& [own, keys] : account.keys()) {
        EXPECT_EQ(keys.size(), 1U) << own;
        EXPECT_NE(*keys.begin(), "");
        EXPECT_TRUE(all.insert(*keys.begin()).second) << "another call has the key of " << own;
    }
    EXPECT_EQ(all.size(), static_cast<std::size_t>(number));
}

}  // namespace
}  // namespace warren::test
