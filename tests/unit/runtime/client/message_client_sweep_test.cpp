#include "runtime/client/message_client.hpp"
#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Whatever happens to a call, in whatever order: it is over exactly once.
namespace warren::runtime {
namespace {

using test::broken;
using test::ClientFixture;
using test::returned;
using test::TestCall;
using namespace std::chrono_literals;

struct Scene {
    ClientFixture fixture;
    TestCall call{"dx_example", 10s};
};

std::uint64_t token_of(const Scene& scene) {
    return scene.fixture.transport.published.empty() ? 0 : scene.fixture.last().token;
}

struct Event {
    std::string name;
    void (*happen)(Scene&);
};

const std::vector<Event>& events() {
    static const std::vector<Event> all{
        {"ready", [](Scene& s) { s.fixture.ready(); }},
        {"bound", [](Scene& s) { s.fixture.bind_all(); }},
        {"bind refused",
         [](Scene& s) {
             if (!s.fixture.transport.bound.empty()) {
                 s.fixture.client->on_bound(s.fixture.transport.bound.back().first, &returned);
             }
         }},
        {"accepted", [](Scene& s) { s.fixture.client->on_accepted(token_of(s)); }},
        {"returned", [](Scene& s) { s.fixture.client->on_returned(token_of(s), returned); }},
        {"refused", [](Scene& s) { s.fixture.client->on_refused(token_of(s), broken); }},
        {"reply",
         [](Scene& s) {
             if (!s.fixture.transport.published.empty()) {
                 s.fixture.reply(s.fixture.last());
             }
         }},
        {"lost", [](Scene& s) { s.fixture.client->on_lost(broken, RepliesSurvive::no); }},
        {"lost, replies survive",
         [](Scene& s) { s.fixture.client->on_lost(broken, RepliesSurvive::yes); }},
        {"failed", [](Scene& s) { s.fixture.client->on_failed(broken); }},
        {"blocked", [](Scene& s) { s.fixture.client->on_blocked("memory"); }},
        {"unblocked", [](Scene& s) { s.fixture.client->on_unblocked(); }},
        {"given up",
         [](Scene& s) {
             if (s.call.pending()) {
                 s.fixture.client->cancel(s.call);
             }
         }},
        {"deadline", [](Scene& s) { s.fixture.executor.advance(10s); }},
    };
    return all;
}

/// Play events over one call; then let its deadline pass and close.
void play(const std::vector<std::size_t>& order) {
    Scene scene;
    scene.fixture.submit(scene.call);
    std::string story;
    for (const std::size_t index : order) {
        story += events()[index].name + "; ";
        events()[index].happen(scene);
        scene.fixture.executor.run_until_idle();
        ASSERT_LE(scene.call.completions, 1) << story;
        ASSERT_EQ(scene.fixture.in_flight(), scene.call.pending() ? 1U : 0U) << story;
        // A call is sent once at most, whatever happens.
        ASSERT_LE(scene.fixture.transport.published.size(), 1U) << story;
    }
    scene.fixture.executor.advance(10s);
    ASSERT_EQ(scene.call.completions, 1) << story;
    // What comes after the end finds nobody.
    for (const Event& event : events()) {
        event.happen(scene);
        scene.fixture.executor.run_until_idle();
    }
    scene.fixture.client->close();
    ASSERT_EQ(scene.call.completions, 1) << story;
    if (scene.call.failure && scene.call.failure->code == Code::deadline_exceeded &&
        scene.fixture.transport.published.empty()) {
        ASSERT_TRUE(scene.call.failure->message.starts_with("Not sent")) << story;
    }
}

TEST(MessageClientSweep, EveryOrderOfFourEvents) {
    const std::size_t count = events().size();
    for (std::size_t code = 0; code < count * count * count * count; ++code) {
        play({code % count, code / count % count, code / count / count % count,
              code / count / count / count});
        if (HasFatalFailure()) {
            return;
        }
    }
}

TEST(MessageClientSweep, EveryTwoEventsAfterTheCallWasSent) {
    const std::size_t count = events().size();
    for (std::size_t code = 0; code < count * count * count; ++code) {
        // ready and bound come first: the call is on its way
        play({0, 1, code % count, code / count % count, code / count / count});
        if (HasFatalFailure()) {
            return;
        }
    }
}

TEST(MessageClientSweep, WhatIsKnownIsNeverCalledATimeout) {
    // in  what happened before the deadline; out  what the call must fail with
    const std::vector<std::pair<std::vector<std::string>, Code>> cases{
        {{}, Code::no_responder},
        {{"ready"}, Code::deadline_exceeded},
        {{"ready", "lost"}, Code::no_responder},
        {{"ready", "blocked"}, Code::broker_blocked},
        {{"ready", "bound"}, Code::deadline_exceeded},
        {{"ready", "bind refused"}, Code::no_responder},
        {{"ready", "blocked", "bound"}, Code::broker_blocked},
        {{"ready", "bound", "accepted"}, Code::deadline_exceeded},
        {{"ready", "bound", "returned"}, Code::no_responder},
        {{"ready", "bound", "refused"}, Code::connection_lost},
        {{"ready", "bound", "lost"}, Code::connection_lost},
        {{"ready", "bound", "accepted", "lost"}, Code::connection_lost},
        {{"ready", "bound", "lost, replies survive"}, Code::deadline_exceeded},
        {{"given up"}, Code::cancelled},
        {{"ready", "bound", "given up"}, Code::cancelled},
    };
    for (const auto& [story, expected] : cases) {
        Scene scene;
        scene.fixture.submit(scene.call);
        for (const std::string& name : story) {
            for (const Event& event : events()) {
                if (event.name == name) {
                    event.happen(scene);
                    scene.fixture.executor.run_until_idle();
                }
            }
        }
        scene.fixture.executor.advance(10s);
        EXPECT_EQ(scene.call.code(), expected) << testing::PrintToString(story);
    }
}

}  // namespace
}  // namespace warren::runtime
