#include <warren/async.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <concepts>
#include <expected>
#include <future>
#include <string>

// Calls of one client to several servers.
namespace target_test {

namespace asio = boost::asio;
using warren::CallOptions;
using warren::Client;
using warren::ClientTarget;
using warren::Code;
using warren::Dynamic;
using warren::Failure;
using warren::test::failure_of;

struct Name {
    std::string name;
};
WARREN_MODEL(Name, (name))
WARREN_CONTRACT(greet, "greet", Name, Name)
WARREN_CONTRACT(note, "note", Name, void)

static_assert(std::derived_from<Client, ClientTarget>, "what a target has, a client has as well");
// A target that is a temporary would be destroyed before its call has ended.
static_assert(requires(ClientTarget& target, const Name& request) {
    warren::async_call<greet>(target, request, asio::use_future);
});
template <typename Target>
concept CallsFromTemporary = requires(Target&& target, const Name& request) {
    warren::async_call<greet>(std::forward<Target>(target), request, asio::use_future);
};
static_assert(CallsFromTemporary<Client&> && !CallsFromTemporary<ClientTarget>);

/// A server of its own queue, which says with everything who it is.
struct NamedServer {
    NamedServer(const std::string& hub, const std::string& name) {
        server.method("greet", [name](const Name& who) { return Name{who.name + " by " + name}; });
        server.method("note", [this](const Name& who) { noted.set_value(who.name); });
        server.listen({.url = "memory:" + hub, .queue = {.name = name}});
        server.start();
    }
    std::string take_note() {
        std::string name = noted.get_future().get();
        noted = {};
        return name;
    }

    std::promise<std::string> noted;
    warren::Server server;
};

class TargetTest : public testing::Test {
protected:
    static std::string hub() {
        return testing::UnitTest::GetInstance()->current_test_info()->name();
    }

    const Name ada{"Ada"};
    const Dynamic named = Dynamic::map({{"name", "Ada"}});
    const Dynamic by_second = Dynamic::map({{"name", "Ada by second"}});
    NamedServer first{hub(), "first"};
    NamedServer second{hub(), "second"};
    Client client{"memory:" + hub() + "?queue=first"};
    ClientTarget target = client.target("second");
};

TEST_F(TargetTest, EveryWayToCallGoesToTheTarget) {
    EXPECT_EQ(client.call<greet>(ada).name, "Ada by first");
    EXPECT_EQ(target.call<greet>(ada).name, "Ada by second");
    EXPECT_EQ(target.call_for_reply<greet>(ada).data->name, "Ada by second");
    EXPECT_EQ(target.call("greet", named), by_second);
    EXPECT_EQ(target.call_for_reply("greet", named).data, by_second);
    EXPECT_EQ(client.target("second").call("greet", named), by_second) << "a temporary";
    EXPECT_EQ(client.call<greet>(ada, {.server = "second"}).name, "Ada by second");
    EXPECT_EQ(target.call<greet>(ada, {.server = "first"}).name, "Ada by second");
}

TEST_F(TargetTest, WithoutWaiting) {
    std::promise<std::string> typed;
    target.start_call<greet>(
        ada, [&](std::expected<Name, Failure> outcome) { typed.set_value(outcome.value().name); });
    EXPECT_EQ(typed.get_future().get(), "Ada by second");
    std::promise<Dynamic> untyped;
    target.start_call("greet", named, [&](std::expected<Dynamic, Failure> outcome) {
        untyped.set_value(outcome.value());
    });
    EXPECT_EQ(untyped.get_future().get(), by_second);
}

TEST_F(TargetTest, OneWay) {
    target.notify<note>(ada);
    EXPECT_EQ(second.take_note(), "Ada");
    target.notify("note", named);
    EXPECT_EQ(second.take_note(), "Ada");
    target.start_notify<note>(ada, [](const std::expected<void, Failure>&) {});
    EXPECT_EQ(second.take_note(), "Ada");
    target.start_notify("note", named, [](const std::expected<void, Failure>&) {});
    EXPECT_EQ(second.take_note(), "Ada");
}

TEST_F(TargetTest, WithBoostAsio) {
    const CallOptions options;
    EXPECT_EQ(warren::async_call<greet>(target, ada, asio::use_future).get().name, "Ada by second");
    EXPECT_EQ(warren::async_call<greet>(target, ada, options, asio::use_future).get().name,
              "Ada by second");
    EXPECT_EQ(warren::async_call(target, "greet", named, asio::use_future).get(), by_second);
    EXPECT_EQ(warren::async_call(target, "greet", named, options, asio::use_future).get(),
              by_second);
    // The call has the server's name, so that it may outlive the target.
    auto later = [this] {
        ClientTarget brief = client.target("second");
        return warren::async_call<greet>(brief, ada, asio::deferred);
    }();
    EXPECT_EQ(std::move(later)(asio::use_future).get().name, "Ada by second");
}

TEST_F(TargetTest, ATargetIsTheBrokers) {
    EXPECT_EQ(failure_of([&] { client.target("nobody").call("greet", named); }).code,
              Code::no_responder);
    warren::Server alone;
    alone.method("greet", [](const Name& who) { return who; });
    alone.listen("tcp://127.0.0.1:0");
    alone.start();
    Client direct{alone.addresses().front()};
    EXPECT_EQ(failure_of([&] { direct.target("other").call("greet", named); }).code,
              Code::invalid_request);
}

}  // namespace target_test
