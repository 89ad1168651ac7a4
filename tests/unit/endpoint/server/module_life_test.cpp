#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace warren {
namespace {

using namespace std::chrono_literals;

struct Paint {
    std::string colour = "red";
};
WARREN_MODEL(Paint, (colour))

/// Modules that note what is done for them.
struct Modules {
    std::vector<std::string> done;
    Server server;

    void add(const std::string& name, bool throws = false) {
        Registry module;
        module.set_origin(name + ".so");
        module.on_stop([this, name] { done.push_back("stop " + name); });
        module.on_start([this, name, throws] {
            if (throws) {
                throw Error{name + " cannot"};
            }
            done.push_back("start " + name);
        });
        module.on_stop([this, name] { done.push_back("first stop " + name); });
        module.method(name, [] {});
        server.methods().add(*module.find(name));
        server.methods().take_life(module);
    }
};

TEST(ModuleLife, TheLastToStartIsTheFirstToStopAndWhatIsNotServedDoesNeither) {
    Modules modules;
    for (const char* name : {"one", "two", "other"}) {
        modules.add(name);
    }
    modules.server.listen({.url = "memory:lives", .methods = {"two", "one"}});
    modules.server.start();
    EXPECT_EQ(modules.done, (std::vector<std::string>{"start one", "start two"}));
    modules.server.stop();
    EXPECT_EQ(modules.done, (std::vector<std::string>{"start one", "start two", "first stop two",
                                                      "stop two", "first stop one", "stop one"}));
    modules.server.stop();
    EXPECT_EQ(modules.done.size(), 6U);
}

TEST(ModuleLife, OneThatCannotStartKeepsTheServerFromIt) {
    Modules modules;
    modules.add("one");
    modules.add("two", true);
    modules.server.listen("memory:lives");
    const Failure failure = test::failure_of([&] { modules.server.start(); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_EQ(failure.message, "two.so: its start failed: two cannot");
    EXPECT_EQ(modules.done, (std::vector<std::string>{"start one", "first stop one", "stop one"}));
}

TEST(ModuleLife, SettingsOfOneNameAreOneModules) {
    Registry one;
    one.set_origin("one.so");
    const Paint& paint = one.settings<Paint>("paint");
    EXPECT_EQ(paint.colour, "red");
    Registry two;
    two.set_origin("two.so");
    two.settings<Paint>("paint");
    Registry all;
    all.take_life(one);
    ASSERT_EQ(all.settings_sections().size(), 1U);
    EXPECT_EQ(&paint, all.settings_sections()[0].values.get());
    const Failure failure = test::failure_of([&] { all.take_life(two); });
    EXPECT_EQ(failure.code, Code::conflict);
    EXPECT_EQ(failure.message, "settings 'paint' are registered twice: by one.so and by two.so");
    EXPECT_EQ(test::failure_of([&] { two.settings<Paint>("a b"); }).code, Code::internal);
}

TEST(ServerWatch, AThreadThatIsBlockedIsSeen) {
    std::promise<void> begun;
    std::promise<void> go_on;
    Server server;
    server
        .method("block",
                [&] {
                    begun.set_value();
                    go_on.get_future().wait();
                })
        .run_on_io_thread();
    server.listen("tcp://127.0.0.1:0");
    EXPECT_TRUE(server.is_responsive(1ms)) << "it does not run";
    server.start();
    EXPECT_TRUE(server.is_responsive(30s));
    Client client{test::address_of(server)};
    client.start_call("block", {}, [](const std::expected<Dynamic, Failure>&) {});
    begun.get_future().wait();
    EXPECT_FALSE(server.is_responsive(50ms));
    go_on.set_value();
    EXPECT_TRUE(server.is_responsive(30s));
    server.stop();
    EXPECT_TRUE(server.is_responsive(1ms));
}

}  // namespace
}  // namespace warren
