#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace warren::runtime::test {
namespace {

/// A method `work` that counts its runs.
struct Recovering : ServedBroker {
    int runs = 0;
    std::function<void()> while_running{};  // the next one, once

    explicit Recovering(MessageServerOptions options = {}) {
        stage.registry.method("work",
                              [this](std::string name) {
                                  ++runs;
                                  if (const auto act = std::exchange(while_running, nullptr)) {
                                      act();
                                  }
                                  return name;
                              },
                              {"name"});
        serve(std::move(options));
    }
};

// A connection is lost before or after a drain begins: what runs is in the queue again, and must
// not run on the next server after it was answered here. Nor must what waits there run here.
TEST(MessageServerRecovery, WhatTheBrokerTookBackIsAcknowledgedAndNothingElseIsBegun) {
    for (const bool is_lost_first : {true, false}) {
        for (const bool wants_reply : {true, false}) {
            for (const bool returns_late : {true, false}) {
                Recovering served{{.in_flight_max = 3}};
                served.while_running = [&] {
                    if (is_lost_first) {
                        served.lose_connection();
                        served.drain();
                    } else {
                        served.drain();
                        served.turn();
                        served.lose_connection();
                    }
                    for (const char* id : {"next", "after", "last"}) {
                        served.caller->send({.correlation_id = id});
                    }
                    if (returns_late) {
                        served.turn();
                        served.stage.executor.advance(1s);
                        served.turn();
                        EXPECT_FALSE(served.drained);
                    }
                };
                served.caller->send({.correlation_id = "a", .wants_reply = wants_reply});
                served.turn();
                served.workers_run_while_disconnected();
                served.stage.executor.advance(1s);
                served.run();
                EXPECT_TRUE(served.drained);
                EXPECT_EQ(served.server->unfinished(), "");
                EXPECT_EQ(served.runs, 1);
                EXPECT_EQ(served.caller->replies("a").size(), wants_reply ? 1U : 0U);
                EXPECT_EQ(served.broker.ready("queue"), 3U);
                EXPECT_EQ(served.broker.outstanding("queue"), 0U);
                EXPECT_LE(served.transport->ends_max(), 1);
            }
        }
    }
}

TEST(MessageServerRecovery, WhatTheBrokerGivesToAnotherServerIsNotWaitedForLong) {
    Recovering served;
    served.while_running = [&] {
        served.lose_connection();
        served.drain();
        served.turn();
        served.broker.delete_queue("queue");
    };
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.workers_run_while_disconnected();
    served.stage.executor.advance(100ms);
    served.run();
    EXPECT_FALSE(served.drained);
    EXPECT_EQ(served.server->unfinished(),
              "listener: the broker has not confirmed that it delivers no more, answered requests "
              "that the broker took back");
    served.stage.executor.advance(500ms);
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.caller->reply("a"), R"({"success":true,"message":"OK","data":"x"})");
}

}  // namespace
}  // namespace warren::runtime::test
