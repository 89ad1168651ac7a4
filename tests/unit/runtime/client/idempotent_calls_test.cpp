#include <warren/async.hpp>
#include <warren/batch.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Calls that clients send again by themselves, as users make them, with and without a broker.
namespace idempotent_calls_test {

using namespace warren;
using warren::test::address_of;
using warren::test::failure_of;

struct Order {
    int number = 0;
};
WARREN_MODEL(Order, (number))
WARREN_CONTRACT(flaky, "flaky", Order, int)
WARREN_CONTRACT(broken, "broken", Order, int)

class IdempotentCalls : public testing::TestWithParam<const char*> {
protected:
    IdempotentCalls() {
        // Fails each order once, as a defect of its own would.
        server_.method<flaky>([this](const Order& order, Context& context) {
            const std::scoped_lock lock{mutex_};
            Seen& seen = seen_[order.number];
            seen.keys.emplace(context.idempotency_key);
            seen.attempts.push_back(context.attempt);
            if (seen.attempts.size() == 1) {
                throw std::runtime_error{"the first time"};
            }
            return order.number;
        });
        server_.method<broken>([](const Order&) -> int { throw std::runtime_error{"always"}; });
        const bool is_in_memory = std::string_view{GetParam()} == "memory";
        const std::string url =
            is_in_memory ? "memory:idempotent" : std::string{GetParam()} + "://127.0.0.1:0";
        server_.listen({.url = url});
        server_.start();
        client_.emplace(is_in_memory ? url : address_of(server_));
    }

    struct Seen {
        std::set<std::string> keys;
        std::vector<std::uint32_t> attempts;
    };
    std::map<int, Seen> seen() {
        const std::scoped_lock lock{mutex_};
        return seen_;
    }

    std::mutex mutex_;
    std::map<int, Seen> seen_;
    Server server_{{.workers = 2}};
    std::optional<Client> client_;
};

TEST_P(IdempotentCalls, AreSentAgainUnderOneKey) {
    std::vector<CallAttempt> attempts;
    const CallOptions options{.idempotent = true, .on_attempt = [&](const CallAttempt& attempt) {
                                  attempts.push_back(attempt);
                              }};
    EXPECT_EQ(client_->call<flaky>({.number = 1}, options), 1);
    ASSERT_EQ(attempts.size(), 2U);
    EXPECT_EQ(attempts[0].number, 1U);
    EXPECT_EQ(attempts[0].failure, Code::internal);
    EXPECT_FALSE(attempts[0].is_last);
    EXPECT_EQ(attempts[1].number, 2U);
    EXPECT_EQ(attempts[1].failure, std::nullopt);
    EXPECT_TRUE(attempts[1].is_last);
    EXPECT_EQ(client_->call<flaky>({.number = 2}, {.idempotent = true, .idempotency_key = "two"}),
              2);
    const auto seen = this->seen();
    EXPECT_EQ(seen.at(1).attempts, (std::vector<std::uint32_t>{1, 2}));
    ASSERT_EQ(seen.at(1).keys.size(), 1U);
    EXPECT_NE(*seen.at(1).keys.begin(), "");
    EXPECT_EQ(seen.at(2).keys, std::set<std::string>{"two"});
}

TEST_P(IdempotentCalls, OthersAreNot) {
    std::vector<CallAttempt> attempts;
    const CallOptions options{
        .on_attempt = [&](const CallAttempt& attempt) { attempts.push_back(attempt); }};
    EXPECT_EQ(failure_of([&] { client_->call<flaky>({.number = 1}, options); }).code,
              Code::internal);
    ASSERT_EQ(attempts.size(), 1U);
    EXPECT_EQ(attempts[0].failure, Code::internal);
    EXPECT_TRUE(attempts[0].is_last);
    EXPECT_EQ(seen().at(1).keys, std::set<std::string>{""}) << "it is sent once";
}

TEST_P(IdempotentCalls, SayHowOftenTheyWereSentWhenTheyFail) {
    const Failure failure =
        failure_of([&] { client_->call<broken>({.number = 1}, {.idempotent = true}); });
    EXPECT_EQ(failure.code, Code::internal);
    EXPECT_TRUE(failure.message.ends_with("(attempt 4)")) << failure.message;
}

TEST_P(IdempotentCalls, OfABatchEachForItself) {
    const std::vector<Order> orders{{.number = 1}, {.number = 2}, {.number = 3}};
    const CallOptions options{.idempotent = true};
    const auto outcomes = call_all<flaky>(*client_, orders, options).get();
    ASSERT_EQ(outcomes.size(), 3U);
    std::set<std::string> keys;
    for (const Order& order : orders) {
        EXPECT_EQ(outcomes[static_cast<std::size_t>(order.number - 1)], order.number);
        keys.merge(std::set<std::string>{seen().at(order.number).keys});
    }
    EXPECT_EQ(keys.size(), 3U);
}

TEST_P(IdempotentCalls, WithoutAThreadThatWaits) {
    const Order order{.number = 1};
    const CallOptions options{.idempotent = true};
    EXPECT_EQ(async_call<flaky>(*client_, order, options, boost::asio::use_future).get(), 1);
    EXPECT_EQ(seen().at(1).keys.size(), 1U);
}

TEST_P(IdempotentCalls, WhatHearsOfAttemptsMayThrow) {
    const CallOptions options{.idempotent = true, .on_attempt = [](const CallAttempt&) {
                                  throw std::runtime_error{"a defect"};
                              }};
    EXPECT_EQ(client_->call<flaky>({.number = 1}, options), 1);
}

INSTANTIATE_TEST_SUITE_P(Ways, IdempotentCalls, testing::Values("memory", "tcp", "zmq+tcp"),
                         [](const auto& way) {
                             std::string name{way.param};
                             std::erase(name, '+');
                             return name;
                         });

}  // namespace idempotent_calls_test
