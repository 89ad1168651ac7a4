#include <warren/model.hpp>

#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

// Locks that have a name, and so are of several methods.
namespace warren::runtime::test {

enum class Size : std::uint8_t { small, large };
WARREN_ENUM(Size, small, large)

struct Narrow {
    std::int32_t number = 0;
};
WARREN_MODEL(Narrow, (number))

struct Wide {
    std::uint64_t other_number = 0;
};
WARREN_MODEL(Wide, (other_number))

struct Written {
    std::string text;
};
WARREN_MODEL(Written, (text))

struct Sized {
    Size size = Size::small;
};
WARREN_MODEL(Sized, (size))

namespace {

constexpr std::string_view shared = "server";

Dynamic with(std::string_view field, const Dynamic& value) {
    return Dynamic::map({{field, value}});
}

std::vector<std::string> names_of(const std::vector<Outcome>& outcomes) {
    std::vector<std::string> names;
    for (const Outcome& outcome : outcomes) {
        names.push_back(outcome.name);
    }
    return names;
}

void add_methods(Registry& registry) {
    registry.method("narrow", [](const Narrow&) {}).lock_on(&Narrow::number, shared);
    registry.method("wide", [](const Wide&) {}).lock_on(&Wide::other_number, shared);
    registry.method("written", [](const Written&) {}).lock_on(&Written::text, shared);
    registry.method("sized", [](const Sized&) {}).lock_on(&Sized::size, shared);
    registry.method("elsewhere", [](const Narrow&) {}).lock_on(&Narrow::number, "another");
    registry.method("own", [](const Narrow&) {}).lock_on(&Narrow::number);
}

TEST(SharedLocks, AreOfEveryMethodAndListenerInOrderOfArrival) {
    Stage stage;
    add_methods(stage.registry);
    stage.serve();
    std::unique_ptr<ListenerContext> first = std::move(stage.listener);
    stage.serve();  // another one
    stage.call("narrow", "narrow", with("number", 5));
    stage.call("wide", "wide", with("other_number", 5));
    stage.listener.swap(first);
    stage.call("narrow again", "narrow", with("number", 5));
    stage.call("other value", "wide", with("other_number", 6));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.queued(), 2U) << "who waits holds no worker";
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 2U);
    stage.run();
    EXPECT_EQ(names_of(stage.outcomes),
              (std::vector<std::string>{"narrow", "other value", "wide", "narrow again"}));
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

TEST(SharedLocks, CompareValuesAndNotTypes) {
    Stage stage;
    add_methods(stage.registry);
    stage.serve();
    stage.call("5", "narrow", with("number", 5));
    stage.call("a text is no number", "written", with("text", "5"));
    stage.call("another lock", "elsewhere", with("number", 5));
    stage.call("a lock of its own", "own", with("number", 5));
    stage.call("small", "sized", with("size", "small"));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 0U);
    stage.call("an enumerator is its name", "written", with("text", "small"));
    stage.call("a number of any width", "wide", with("other_number", 5));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 2U);
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 7U);
}

TEST(SharedLocks, GoFromAWorkerToTheIoThreadAndBack) {
    Stage stage;
    std::string order;
    stage.registry.method("worker", [&](const Narrow&) { order += "w"; })
        .lock_on(&Narrow::number, shared);
    stage.registry.method("inline", [&](const Narrow&) { order += "i"; })
        .lock_on(&Narrow::number, shared)
        .run_on_io_thread();
    stage.serve();
    for (const char* const method : {"worker", "inline", "worker", "inline"}) {
        stage.call(method, method, with("number", 1));
    }
    EXPECT_EQ(order, "");
    stage.run();
    EXPECT_EQ(order, "wiwi");
    EXPECT_EQ(stage.outcomes.size(), 4U);
}

TEST(SharedLocks, OfMethodsThatRunAloneExcludeTheseAndNotValues) {
    Stage stage;
    stage.registry.method("one", [] {}).run_alone(shared);
    stage.registry.method("other", [] {}).run_alone(shared);
    stage.registry.method("alone", [] {}).run_alone();
    add_methods(stage.registry);
    stage.serve();
    stage.call("one", "one", {});
    stage.call("narrow", "narrow", with("number", 1));
    stage.call("a lock of its own", "alone", {});
    stage.turn();
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 0U);
    stage.call("other", "other", {});
    stage.turn();
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 1U);
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 4U);
}

TEST(SharedLocks, AreGivenOnByWhoIsTooLate) {
    Stage stage;
    add_methods(stage.registry);
    stage.serve();
    stage.call("holder", "narrow", with("number", 5));
    stage.call("short", "wide", with("other_number", 5), std::chrono::milliseconds{10});
    stage.call("last", "narrow", with("number", 5));
    stage.turn();
    stage.executor.advance(std::chrono::milliseconds{10});
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue);
    stage.run();
    EXPECT_EQ(names_of(stage.outcomes), (std::vector<std::string>{"holder", "last"}));
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

}  // namespace
}  // namespace warren::runtime::test
