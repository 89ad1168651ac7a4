#include <warren/model.hpp>

#include "runtime/server/message_server.hpp"
#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>

// One dialogue, with a fault at every message in turn, and with an end at every step in turn.
namespace warren::runtime::test {

struct Work {
    std::string name;
};
WARREN_MODEL(Work, (name))

namespace {

constexpr std::array<const char*, 3> ids{"a", "b", "c"};

struct Dialogue : ServedBroker {
    std::map<std::string, int> runs{};

    Dialogue() {
        stage.registry
            .method("work",
                    [this](const Work& work, Context& context) {
                        ++runs[std::string{context.correlation_id}];
                        return work.name;
                    })
            .lock_on(&Work::name);
        serve({.in_flight_max = 2});
    }

    /// Two requests wait for one lock, a third for the prefetch.
    void speak() {
        for (const char* const id : ids) {
            caller->send({.correlation_id = id});
        }
    }

    /// One step of the loop, or else of a worker; gives false when there is nothing to do.
    bool step() { return stage.executor.run_one() || stage.workers.run_one(); }

    /// Let everything that can still happen happen: connections come back, and what is lost on the
    /// way is seen to be lost.
    void settle_down() {
        run();
        advance();
        lose_connection();
        caller->transport().close({.code = Code::connection_lost, .message = "cut by the test"});
        run();
        advance();
    }

    void advance() {
        for (int second = 0; second < 3; ++second) {
            stage.executor.advance(1s);
            run();
        }
    }
};

void expect_all_is_well(Dialogue& dialogue, int runs_max) {
    EXPECT_TRUE(dialogue.is_empty());
    EXPECT_EQ(dialogue.server->in_flight(), 0U);
    EXPECT_EQ(dialogue.stage.dispatcher.locks().size(), 0U);
    EXPECT_EQ(dialogue.stage.dispatcher.in_flight(), 0U);
    for (const char* const id : ids) {
        const int runs = dialogue.runs[id];
        EXPECT_LE(runs, runs_max) << id;
        EXPECT_EQ(runs > 0, !dialogue.caller->replies(id).empty()) << id;
    }
}

/// How often a request may run.
int runs_max(Kind kind, Hop struck) {
    // A message sent twice is two requests. And when an acknowledgement vanishes although its
    // connection lives, which TCP does not do, nobody can tell that it is missing.
    const bool excused = (kind == Kind::duplicate && struck == Hop::publish) ||
                         (kind == Kind::drop && struck == Hop::settle);
    return excused ? 2 : 1;
}

TEST(MessageServerSweep, AFaultAtEveryMessage) {
    std::size_t messages = 0;
    {
        Dialogue dialogue;
        dialogue.speak();
        dialogue.run();
        messages = dialogue.broker.faults().seen();
        expect_all_is_well(dialogue, 1);
    }
    ASSERT_GE(messages, 15U) << "five ways for each of three requests";
    for (const Kind kind : {Kind::drop, Kind::delay, Kind::duplicate, Kind::redeliver,
                            Kind::close_before, Kind::close_after}) {
        for (std::size_t nth = 0; nth < messages; ++nth) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(kind)) + " at message " +
                         std::to_string(nth));
            // Outlive the dialogue, which says something to its end.
            std::optional<Hop> struck;
            std::size_t seen = 0;
            Dialogue dialogue;
            dialogue.broker.faults().when(
                [&](Hop hop, std::string_view) {
                    if (seen++ == nth) {
                        struck = hop;
                        return true;
                    }
                    return false;
                },
                {.kind = kind, .delay = 500ms});
            dialogue.speak();
            dialogue.settle_down();
            ASSERT_TRUE(struck.has_value());
            if (kind == Kind::duplicate && struck == Hop::deliver) {
                // One tag twice: no broker does so. What counts is that the server lives on.
                EXPECT_TRUE(dialogue.is_empty());
                EXPECT_EQ(dialogue.server->in_flight(), 0U);
                continue;
            }
            expect_all_is_well(dialogue, runs_max(kind, *struck));
            EXPECT_LE(dialogue.transport->ends_max(), 1);
            for (const char* const id : ids) {
                EXPECT_TRUE(struck == Hop::publish || dialogue.runs[id] >= 1) << id;
            }
        }
    }
}

/// Does something at every step of the dialogue in turn, and shows each outcome.
void sweep(const std::function<void(Dialogue&)>& act,
           const std::function<void(Dialogue&)>& expect) {
    for (std::size_t steps = 0;; ++steps) {
        SCOPED_TRACE("after " + std::to_string(steps) + " steps");
        Dialogue dialogue;
        dialogue.speak();
        bool at_end = false;
        for (std::size_t step = 0; step < steps && !at_end; ++step) {
            at_end = !dialogue.step();
        }
        act(dialogue);
        expect(dialogue);
        if (at_end) {
            ASSERT_GT(steps, 15U);
            return;
        }
    }
}

TEST(MessageServerSweep, TheServersConnectionLostAtEveryStep) {
    sweep([](Dialogue& dialogue) { dialogue.lose_connection(); },
          [](Dialogue& dialogue) {
              dialogue.run();
              dialogue.advance();
              expect_all_is_well(dialogue, 1);
              for (const char* const id : ids) {
                  EXPECT_EQ(dialogue.runs[id], 1) << id;
              }
              EXPECT_LE(dialogue.transport->ends_max(), 1);
          });
}

TEST(MessageServerSweep, TheConnectionLostTwiceAtEveryStep) {
    sweep(
        [](Dialogue& dialogue) {
            dialogue.lose_connection();
            dialogue.stage.executor.advance(1s);
            dialogue.lose_connection();
        },
        [](Dialogue& dialogue) {
            dialogue.run();
            dialogue.advance();
            expect_all_is_well(dialogue, 1);
            EXPECT_LE(dialogue.transport->ends_max(), 1);
        });
}

/// Each request was answered, or is still there for another server.
void expect_nothing_lost(Dialogue& dialogue) {
    EXPECT_TRUE(dialogue.drained);
    EXPECT_EQ(dialogue.server->in_flight(), 0U);
    EXPECT_EQ(dialogue.broker.outstanding("queue"), 0U);
    EXPECT_LE(dialogue.transport->ends_max(), 1);
    std::size_t answered = 0;
    for (const char* const id : ids) {
        EXPECT_LE(dialogue.caller->replies(id).size(), 1U);
        answered += dialogue.caller->replies(id).size();
    }
    EXPECT_EQ(answered + dialogue.broker.ready("queue"), ids.size());
}

TEST(MessageServerSweep, ADrainBegunAtEveryStep) {
    sweep([](Dialogue& dialogue) { dialogue.drain(); },
          [](Dialogue& dialogue) {
              dialogue.run();
              expect_nothing_lost(dialogue);
              for (const char* const id : ids) {
                  EXPECT_EQ(dialogue.runs[id],
                            static_cast<int>(dialogue.caller->replies(id).size()));
              }
          });
}

TEST(MessageServerSweep, AStopAtEveryStep) {
    sweep(
        [](Dialogue& dialogue) {
            dialogue.server->stop_now([&] { dialogue.drained = true; });
            dialogue.stage.dispatcher.cancel_all();
        },
        [](Dialogue& dialogue) {
            dialogue.run();
            expect_nothing_lost(dialogue);
        });
}

}  // namespace
}  // namespace warren::runtime::test
