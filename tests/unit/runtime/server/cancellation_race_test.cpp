#include "runtime/client/message_client.hpp"
#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A call, its answer and its cancellation, in every order that their messages can come in.
namespace warren::runtime::test {
namespace {

using std::chrono::milliseconds;

/// A call of the method, whose argument is of no matter.
class OneCall final : public ClientCall {
public:
    OneCall() {
        method = "work";
        arguments = named_.value();
        timeout = 60s;
    }

    void succeeded(const protocol::Response&) noexcept override { ++completions; }
    void failed(Failure failure) noexcept override {
        ++completions;
        code = failure.code;
    }

    int completions = 0;
    std::optional<Code> code{};  // none: it has not failed

private:
    const Dynamic named_ = Dynamic::map({{"name", "x"}});
};

/// A client and a server of one method, both at a broker.
struct Both : ServedBroker {
    int runs = 0;
    std::shared_ptr<MessageClient> client;
    std::shared_ptr<transport::MemoryClientTransport> client_transport;

    Both() {
        stage.registry.method("work",
                              [this](std::string) {
                                  ++runs;
                                  return 1;
                              },
                              {"name"});
        serve({.in_flight_max = 1});
        client = std::make_shared<MessageClient>(
            stage.executor, *protocol,
            MessageClientOptions{.server = "queue", .random = {7}, .cancels = true});
        client_transport = transport::make_memory_client_transport(broker);
        client->attach(*client_transport);
        client_transport->start(*client);
        run();
    }
    ~Both() { client->close(); }
};

/// So late a message of each hop is, and the caller's giving up.
struct Delays {
    milliseconds publish, deliver, control, settle, cancel;
};

void play(const Delays& delays) {
    SCOPED_TRACE("publish " + std::to_string(delays.publish.count()) + ", deliver " +
                 std::to_string(delays.deliver.count()) + ", control " +
                 std::to_string(delays.control.count()) + ", settle " +
                 std::to_string(delays.settle.count()) + ", cancel " +
                 std::to_string(delays.cancel.count()));
    OneCall call;  // both outlive the client
    OneCall next;
    Both both;
    for (const auto& [hop, delay] : {std::pair{Hop::publish, delays.publish},
                                     {Hop::deliver, delays.deliver},
                                     {Hop::control, delays.control},
                                     {Hop::settle, delays.settle}}) {
        both.broker.faults().on(hop, {.kind = Kind::delay, .delay = delay});
    }
    both.client->submit(call);
    for (milliseconds time{0}; time < 10ms; time += 1ms) {
        if (time == delays.cancel && call.completions == 0) {
            both.client->cancel(call);
        }
        both.run();
        both.stage.executor.advance(1ms);
    }
    both.run();
    ASSERT_EQ(call.completions, 1);
    ASSERT_LE(both.runs, 1);
    ASSERT_EQ(call.code.value_or(Code::cancelled), Code::cancelled);
    ASSERT_TRUE(call.code || both.runs == 1);
    ASSERT_TRUE(both.is_empty());
    ASSERT_EQ(both.server->in_flight(), 0U);
    // Its place is free, and the next call is another one.
    both.broker.faults().clear();
    both.client->submit(next);
    both.run();
    ASSERT_EQ(next.completions, 1);
    ASSERT_FALSE(next.code);
    ASSERT_LE(both.transport->ends_max(), 1);
}

TEST(CancellationRace, EveryOrderOfItsMessagesEndsACallOnceAndFreesItsPlace) {
    constexpr std::array times{0ms, 1ms, 2ms};
    for (const milliseconds publish : times) {
        for (const milliseconds deliver : times) {
            for (const milliseconds control : times) {
                for (const milliseconds settle : times) {
                    for (milliseconds cancel{0}; cancel < 6ms; cancel += 1ms) {
                        play({publish, deliver, control, settle, cancel});
                        if (testing::Test::HasFatalFailure()) {
                            return;
                        }
                    }
                }
            }
        }
    }
}

TEST(CancellationRace, AFaultAtEveryMessageRunsNothingTwice) {
    for (const Kind kind :
         {Kind::drop, Kind::duplicate, Kind::redeliver, Kind::close_before, Kind::close_after}) {
        for (std::size_t nth = 0; nth < 8; ++nth) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(kind)) + " at message " +
                         std::to_string(nth));
            OneCall call;
            Both both;
            std::optional<Hop> struck;
            std::size_t seen = 0;
            both.broker.faults().when(
                [&](Hop hop, std::string_view) {
                    const bool strikes = seen++ == nth;
                    struck = strikes ? std::optional{hop} : struck;
                    return strikes;
                },
                {.kind = kind});
            both.client->submit(call);
            both.turn();
            both.client->cancel(call);
            for (int second = 0; second < 3; ++second) {
                both.run();
                both.stage.executor.advance(1s);
            }
            both.run();
            EXPECT_EQ(call.completions, 1);
            // Only a cancellation that is lost, or told too late, lets the method run.
            EXPECT_LE(both.runs, 1);
            EXPECT_EQ(both.server->in_flight(), 0U);
            if (!(kind == Kind::drop && (struck == Hop::deliver || struck == Hop::settle))) {
                EXPECT_TRUE(both.is_empty());
            }
        }
    }
}

TEST(CancellationRace, AServerAndAClientThatMeetAgainAfterALostConnectionKnowOfIt) {
    OneCall call;
    OneCall blocked;
    Both both;
    both.client->submit(blocked);
    both.client->submit(call);  // it waits in the broker's queue: one at a time
    both.turn();
    both.client_transport->close({.code = Code::connection_lost, .message = "cut by the test"});
    both.stage.executor.advance(1s);
    both.turn();
    EXPECT_EQ(call.code, Code::connection_lost);
    both.run();
    EXPECT_EQ(both.runs, 0);
    EXPECT_TRUE(both.is_empty());
}

}  // namespace
}  // namespace warren::runtime::test
