#include <warren/client.hpp>
#include <warren/server.hpp>

#include "format/fernet/fernet.hpp"
#include "support/served.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

// The public client, against the public server in the same process.
namespace client_test {

using namespace std::chrono_literals;
using warren::Client;
using warren::Code;
using warren::Dynamic;
using warren::Error;
using warren::Failure;
using warren::test::failure_of;

struct Order {
    std::string dish;
    int portions = 1;
    warren::Secret<std::string> card{};
};
WARREN_MODEL(Order, (dish, min_length(1)), (portions, greater_than(0)), (card, defaulted()))

struct Receipt {
    std::string text;
};
WARREN_MODEL(Receipt, (text))

struct Other {
    int number;
};
WARREN_MODEL(Other, (number))

WARREN_CONTRACT(order, "order", Order, Receipt)
WARREN_CONTRACT(order_wrong, "order", Order, Other)
WARREN_CONTRACT(missing, "missing", Order, Receipt)
WARREN_CONTRACT(refuse, "refuse", Order, Receipt)
WARREN_CONTRACT(quiet, "quiet", Order, void)

/// A server of the methods above, under the test's name.
class ClientTest : public testing::Test {
protected:
    ClientTest() {
        server.method("order", [](const Order& request) {
            return Receipt{request.dish + " x " + std::to_string(request.portions) +
                           request.card.reveal()};
        });
        server.method("refuse", [](const Order& request) {
            return warren::Reply<Receipt>::failure("Out of " + request.dish, Receipt{"none left"});
        });
        server.method("quiet", [](const Order&) {});
        server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
        server.method("wait", [this] {
            started.count_down();
            ended.wait();
        });
        server.listen(url);
        server.start();
    }
    ~ClientTest() override { ended.count_down(); }

    static std::string name() {
        return testing::UnitTest::GetInstance()->current_test_info()->name();
    }

    std::latch started{1};  // the handler of "wait" runs
    std::latch ended{1};    // and may end
    std::string url = "memory:" + name();
    warren::Server server;
};

TEST_F(ClientTest, CallsByContract) {
    Client client{url};
    EXPECT_EQ(client.call<order>({.dish = "soup", .portions = 2}).text, "soup x 2");
    client.call<quiet>({.dish = "soup"});
    const auto counters = client.counters();
    EXPECT_EQ(counters.calls, 2U);
    EXPECT_EQ(counters.succeeded, 2U);
    EXPECT_EQ(counters.in_flight, 0U);
}

TEST_F(ClientTest, CallsWithoutAContract) {
    Client client{url};
    EXPECT_EQ(client.call("add", Dynamic::map({{"a", 2}, {"b", 40}})), Dynamic{42});
    EXPECT_EQ(client.call("order", Dynamic::map({{"dish", "pie"}}))["text"].as_text(), "pie x 1");
}

TEST_F(ClientTest, ArgumentsByNameBesideOthersAreForAProtocolThatHasBoth) {
    Client client{url};
    const warren::CallOptions named{.named = Dynamic::map({{"b", 40}})};
    const Failure other = failure_of([&] { client.call("add", Dynamic::map({{"a", 2}}), named); });
    EXPECT_EQ(other.code, Code::invalid_request);
    EXPECT_TRUE(other.message.contains("CallOptions::named")) << other.message;
    const Failure typed = failure_of([&] { client.call<order>({.dish = "soup"}, named); });
    EXPECT_TRUE(typed.message.contains("CallOptions::named")) << typed.message;
    const Failure refused = failure_of([&] { client.call("add", Dynamic::list({2}), named); });
    EXPECT_EQ(refused.code, Code::invalid_request);
    ASSERT_EQ(refused.errors.size(), 1U);
    EXPECT_EQ(refused.errors[0].type, "mixed_arguments");
}

TEST_F(ClientTest, ARequestThatBreaksTheContractIsNotSent) {
    Client client{url};
    const Failure failure = failure_of([&] { client.call<order>({.dish = "", .portions = 0}); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_TRUE(failure.message.starts_with("Not sent")) << failure.message;
    ASSERT_EQ(failure.errors.size(), 2U);
    EXPECT_EQ(warren::to_string(failure.errors[0].location), "dish");
    EXPECT_EQ(warren::to_string(failure.errors[1].location), "portions");
    EXPECT_EQ(client.counters().calls, 0U);
}

TEST_F(ClientTest, TheServersErrorsReachAnUntypedCaller) {
    Client client{url};
    const Failure failure =
        failure_of([&] { client.call("order", Dynamic::map({{"portions", "many"}})); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_EQ(failure.errors.size(), 2U);
}

TEST_F(ClientTest, AReplyThatBreaksTheContractNamesTheField) {
    Client client{url};
    const Failure failure = failure_of([&] { client.call<order_wrong>({.dish = "soup"}); });
    EXPECT_EQ(failure.code, Code::contract_mismatch);
    ASSERT_EQ(failure.errors.size(), 1U);
    EXPECT_EQ(warren::to_string(failure.errors[0].location), "number");
    EXPECT_EQ(failure.errors[0].type, "missing");
}

TEST_F(ClientTest, AHandlersFailureIsAnErrorOrAReply) {
    Client client{url};
    const Failure failure = failure_of([&] { client.call<refuse>({.dish = "soup"}); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_EQ(failure.message, "Out of soup");
    EXPECT_EQ(failure.data["text"].as_text(), "none left");
    const auto reply = client.call_for_reply<refuse>({.dish = "soup"});
    EXPECT_FALSE(reply.success);
    EXPECT_EQ(reply.message, "Out of soup");
    ASSERT_TRUE(reply.data);
    EXPECT_EQ(reply.data->text, "none left");
}

TEST_F(ClientTest, AMethodThatNobodyServesIsNoResponder) {
    Client client{url};
    EXPECT_EQ(failure_of([&] { client.call<missing>({.dish = "soup"}); }).code, Code::no_responder);
}

TEST_F(ClientTest, ACallPastItsDeadlineFails) {
    Client client{url};
    const Failure failure = failure_of([&] { client.call("wait", Dynamic{}, {.timeout = 20ms}); });
    EXPECT_EQ(failure.code, Code::deadline_exceeded);
}

TEST_F(ClientTest, AStopTokenGivesACallUp) {
    Client client{url};
    std::stop_source source;
    std::jthread stopper{[&] {
        started.wait();
        source.request_stop();
    }};
    EXPECT_EQ(
        failure_of([&] { client.call("wait", Dynamic{}, {.stop = source.get_token()}); }).code,
        Code::cancelled);
}

TEST_F(ClientTest, ClosingCancelsWhatIsInFlightAndWhatFollows) {
    Client client{url};
    std::jthread closer{[&] {
        started.wait();
        client.close();
    }};
    EXPECT_EQ(failure_of([&] { client.call("wait", Dynamic{}); }).code, Code::cancelled);
    closer.join();
    EXPECT_EQ(failure_of([&] { client.call<order>({.dish = "soup"}); }).code, Code::cancelled);
    client.close();
}

TEST_F(ClientTest, CompletionsComeOnTheIoThreadWhereNothingBlocks) {
    Client client{url};
    std::promise<Failure> inside;
    client.start_call<order>({.dish = "soup"}, [&](std::expected<Receipt, Failure> receipt) {
        EXPECT_EQ(receipt.value().text, "soup x 1");
        inside.set_value(failure_of([&] { client.call<order>({.dish = "pie"}); }));
    });
    EXPECT_EQ(inside.get_future().get().code, Code::internal);
}

TEST_F(ClientTest, ACompletionMayDestroyItsClient) {
    auto client = std::make_unique<Client>(url);
    std::promise<void> done;
    std::promise<Code> other;
    client->start_call("wait", Dynamic{}, [&](std::expected<Dynamic, Failure> reply) {
        other.set_value(reply.error().code);
    });
    client->start_call<order>({.dish = "soup"}, [&](std::expected<Receipt, Failure> receipt) {
        EXPECT_TRUE(receipt);
        client.reset();
        done.set_value();
    });
    done.get_future().wait();
    EXPECT_EQ(other.get_future().get(), Code::cancelled);
}

TEST_F(ClientTest, ThreadsShareAClient) {
    constexpr int threads_count = 8;
    Client client{url};
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < threads_count; ++thread) {
            threads.emplace_back([&, thread] {
                for (int index = 0; index < 100; ++index) {
                    const auto sum =
                        client.call("add", Dynamic::map({{"a", thread}, {"b", index}}));
                    right += sum == Dynamic{thread + index} ? 1 : 0;
                }
            });
        }
    }
    EXPECT_EQ(right, threads_count * 100);
}

TEST(ClientSecrets, AreTokensOnTheWire) {
    const auto key = warren::format::FernetKey::generate();
    ASSERT_TRUE(key);
    warren::Server server;
    server.method("order", [](const Order& request) { return Receipt{request.card.reveal()}; });
    warren::ListenerOptions listener{.url = "memory:secrets"};
    listener.fernet_keys = {key->text()};
    server.listen(std::move(listener));
    server.start();

    const Order request{.dish = "soup", .card = warren::Secret<std::string>{"4711"}};
    Client with_key{"memory:secrets", {.fernet_keys = {key->text()}}};
    EXPECT_EQ(with_key.call<order>(request).text, "4711");
    Client without_key{"memory:secrets"};
    try {
        without_key.call<order>(request);
        FAIL() << "a secret in clear was accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        ASSERT_FALSE(error.failure().errors.empty());
        EXPECT_EQ(error.failure().errors[0].type, "secret_not_encrypted");
    }
}

TEST(ClientAddress, WhatCannotBeIsRefusedWithWhatCan) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", ""},
        {"http://localhost/?queue=x", "memory, amqp, amqps"},
        {"memory:", "memory:NAME"},
        {"memory:x?colour=red", "queue, protocol"},
        {"memory:x?protocol=smtp", "cyberfusion, tutorial"},
        {"memory:x?reply=pigeon", "exclusive, direct, durable"},
        {"memory:x?reply=direct", "exclusive or durable"},
        {"amqp://localhost/", "?queue="},
        {"amqp://localhost/?queue=x&colour=red", "heartbeat"},
    };
    for (const auto& [url, expected] : cases) {
        try {
            Client client{url};
            ADD_FAILURE() << url << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Code::invalid_request) << url;
            EXPECT_TRUE(error.message().contains(expected)) << error.message();
        }
    }
}

TEST(ClientAddress, ABadKeyIsRefusedWithoutShowingIt) {
    try {
        Client client{"memory:x", {.fernet_keys = {"not a key"}}};
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_FALSE(error.message().contains("not a key"));
    }
}

}  // namespace client_test
