#include <warren/model.hpp>
#include <warren/stream.hpp>
#include <warren/task.hpp>

#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Parts over a broker, whose requests come again and whose callers say when they are done.
namespace warren::runtime::test {

struct Upto {
    int count = 0;
};
WARREN_MODEL(Upto, (count))
WARREN_STREAM_CONTRACT(work_in_parts, "work", Upto, int, int)

namespace {

using Texts = std::vector<std::string>;

/// A method `work` that sends numbers, and the test's act before each of them.
struct ServedParts : ServedBroker {
    int runs = 0;
    std::function<void(int)> before{};

    explicit ServedParts(MessageServerOptions options = {}) {
        stage.registry.method<work_in_parts>(
            [this](const Upto& request, Stream<int> numbers) -> task<int> {
                ++runs;
                int sent = 0;
                for (int number = 0; number < request.count; ++number) {
                    if (before) {
                        before(number);
                    }
                    const bool was_taken = co_await numbers.async_write(number);
                    if (!was_taken) {
                        break;
                    }
                    ++sent;
                }
                co_return sent;
            });
        serve(std::move(options));
    }

    void call(const std::string& id, int count, std::int64_t window_bytes,
              const std::string& expiration = {}) {
        const std::array headers{
            Member{Value::text("warren-parts-window"), Value::integer(window_bytes)}};
        caller->send({.correlation_id = id,
                      .body = R"({"count": )" + std::to_string(count) + "}",
                      .expiration = expiration,
                      .headers = Value::map(headers)});
    }
    void run_and_reconnect() {
        run();
        stage.executor.advance(1s);
        run();
    }
    /// The caller is done with so many bytes.
    void credit(const std::string& id, std::uint64_t bytes_done) {
        Arena arena;
        const std::string key = protocol::control_key("queue");
        caller->transport().send_control(
            protocol::encode_credit(key, {.correlation_id = id, .bytes_done = bytes_done}, arena));
    }
};

std::string body_of_part(int number) {
    return R"({"success":true,"message":"","data":)" + std::to_string(number) + "}";
}
const std::string end_of_three = R"({"success":true,"message":"OK","data":3})";
const Texts three_parts{body_of_part(0), body_of_part(1), body_of_part(2), end_of_three};

TEST(MessageServerParts, OfARequestThatComesAgainComeOnce) {
    for (int lost_before = 0; lost_before < 3; ++lost_before) {
        ServedParts served;
        served.before = [&](int number) {
            if (number == lost_before) {
                served.lose_connection();
            }
        };
        served.call("a", 3, 1000);
        served.run_and_reconnect();
        EXPECT_EQ(served.runs, 1);
        const Texts& all = served.caller->replies("a");
        ASSERT_FALSE(all.empty());
        EXPECT_EQ(all.back(), end_of_three);
        // Which of them came is not known, and the end says how many there were.
        EXPECT_EQ(std::ranges::adjacent_find(all, std::greater_equal{}), all.end());
        EXPECT_TRUE(served.is_empty());
        EXPECT_LE(served.transport->ends_max(), 1);
    }
}

TEST(MessageServerParts, ThatWaitForCreditGoOnOverTheNextConnection) {
    ServedParts served;
    served.call("a", 3, 0);
    served.run();
    EXPECT_EQ(served.caller->replies("a"), Texts{body_of_part(0)});
    served.lose_connection();
    served.run_and_reconnect();
    EXPECT_EQ(served.runs, 1) << "its request came again while it waits";
    for (std::uint64_t done = 1; done <= 3; ++done) {
        served.credit("a", done * body_of_part(0).size());
        served.run();
    }
    EXPECT_EQ(served.caller->replies("a"), three_parts);
    EXPECT_EQ(served.runs, 1);
    EXPECT_TRUE(served.is_empty());
    EXPECT_LE(served.transport->ends_max(), 1);
}

TEST(MessageServerParts, AResponseThatLacksSomeIsNone) {
    for (const bool is_cancelled : {false, true}) {
        ServedParts served;
        served.before = [&](int number) {
            if (number == 1 && is_cancelled) {
                served.stage.dispatcher.cancel_all();
            } else if (number == 1) {
                served.stage.executor.advance(2s);
            }
        };
        served.call("a", 3, 1000, "1000");
        served.run();
        const Texts& all = served.caller->replies("a");
        EXPECT_FALSE(std::ranges::any_of(
            all, [](const std::string& reply) { return reply.contains(R"("message":"OK")"); }));
        const auto& counters = served.stage.dispatcher.counters();
        EXPECT_EQ(counters.failures_of(is_cancelled ? Code::cancelled : Code::deadline_exceeded),
                  1U);
    }
}

TEST(MessageServerParts, CreditThatMeetsTheEndIsOfNoConsequence) {
    for (const bool is_early : {true, false}) {
        ServedParts served;
        served.before = [&](int number) {
            if (number == 2) {
                served.credit("a", 2 * body_of_part(0).size());
                if (is_early) {
                    served.turn();
                }
            }
        };
        served.call("a", 3, 1000);
        served.run();
        for (const std::size_t bytes : {3 * body_of_part(0).size(), std::size_t{1000}}) {
            served.credit("a", bytes);
            served.credit("b", bytes);
        }
        served.run();
        EXPECT_EQ(served.caller->replies("a"), three_parts);
        served.before = nullptr;
        served.call("a", 3, 0);
        served.run();
        EXPECT_EQ(served.caller->replies("a").size(), 5U)
            << "what was said of the call before is not said of the next of its id";
        EXPECT_EQ(served.server->in_flight(), 1U);
        served.caller->cancel("a");
        served.stage.dispatcher.cancel_all();
        served.run();
        EXPECT_EQ(served.server->in_flight(), 0U);
    }
}

}  // namespace
}  // namespace warren::runtime::test
