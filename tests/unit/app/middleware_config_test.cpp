#include "app/config/config.hpp"
#include "app/middleware.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::app {
namespace {

using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

class MiddlewareConfiguration : public ConfigFile {
protected:
    std::vector<std::shared_ptr<ServerInterceptor>> chain(const Config& config,
                                                          std::size_t listener) {
        Middleware middleware{config.middleware, log_};
        return middleware.of("one", config.listeners.at(listener).middleware);
    }

    const std::shared_ptr<endpoint::LogQueue> log_ = std::make_shared<endpoint::LogQueue>(
        endpoint::LogQueue::Write{}, endpoint::LogQueueOptions{});
};

TEST_F(MiddlewareConfiguration, IsReadAsItIs) {
    const Config config = load(R"(access_log: true
allow: {methods: {order: [shop, ~], status: "*", "*": [admin]}, dry_run: true}
rate: {methods: {"*": {calls: 100}, report: {calls: 5, per: 1m, burst: 2}}, callers_max: 7}
audit: {file: audit.jsonl, methods: [order], waiting_bytes_max: 1000}
listeners:
  - {tcp: "127.0.0.1:0", audit: true, access_log: false}
)");
    EXPECT_EQ(config.middleware.access_log, true);
    const AllowOptions& allow = *config.middleware.allow.options;
    EXPECT_TRUE(allow.dry_run);
    EXPECT_EQ(allow.methods.at("order"), (Texts{"shop", ""}));
    EXPECT_EQ(allow.methods.at("status"), Texts{"*"});
    EXPECT_EQ(allow.methods.at("*"), Texts{"admin"});
    const RateOptions& rate = *config.middleware.rate.options;
    EXPECT_EQ(rate.callers_max, 7U);
    EXPECT_EQ(rate.methods.at("*").calls, 100U);
    EXPECT_EQ(rate.methods.at("*").per, 1s);
    EXPECT_EQ(rate.methods.at("report").per, 1min);
    EXPECT_EQ(rate.methods.at("report").burst, 2U);
    const AuditOptions& audit = *config.middleware.audit.options;
    EXPECT_EQ(audit.file, directory_ + "/audit.jsonl");
    EXPECT_EQ(audit.methods, Texts{"order"});
    EXPECT_EQ(audit.waiting_bytes_max, 1000U);
    const MiddlewareConfig& own = config.listeners.at(0).middleware;
    EXPECT_EQ(own.access_log, false);
    ASSERT_TRUE(own.audit.options);
    EXPECT_TRUE(own.audit.options->file.empty());
}

TEST_F(MiddlewareConfiguration, WhatAListenerSaysHoldsInsteadOfWhatIsSaidOfAll) {
    const Config config = load(R"(access_log: true
rate: {methods: {"*": {calls: 1}}}
listeners:
  - {tcp: "127.0.0.1:0"}
  - {tcp: "127.0.0.1:0"}
  - {tcp: "127.0.0.1:0", access_log: false, allow: {methods: {"*": ~}}}
  - {tcp: "127.0.0.1:0", rate: false}
  - {tcp: "127.0.0.1:0", rate: {methods: {"*": {calls: 2}}}}
)");
    Middleware middleware{config.middleware, log_};
    const auto of = [&](std::size_t listener) {
        return middleware.of(std::to_string(listener), config.listeners.at(listener).middleware);
    };
    ASSERT_EQ(of(0).size(), 2U);
    EXPECT_EQ(of(0), of(1)) << "one rate counts for both";
    ASSERT_EQ(of(2).size(), 2U);
    EXPECT_EQ(of(2)[1], of(0)[1]);
    EXPECT_EQ(of(3), (std::vector{of(0)[0]}));
    ASSERT_EQ(of(4).size(), 2U);
    EXPECT_NE(of(4)[1], of(0)[1]);
}

TEST_F(MiddlewareConfiguration, OnlyWhatChangesIsMadeAnew) {
    const std::string listeners =
        "listeners: [{tcp: '127.0.0.1:0', allow: {methods: {'*': ~}}}, {tcp: '127.0.0.1:0'}]\n";
    const Config before = load("rate: {methods: {'*': {calls: 1}}}\n" + listeners);
    const Config after = load("rate: {methods: {'*': {calls: 2}}}\n" + listeners);
    Middleware running{before.middleware, log_};
    const auto of = [](Middleware& middleware, const Config& config, std::size_t listener) {
        return middleware.of(std::to_string(listener), config.listeners.at(listener).middleware);
    };
    const auto first = of(running, before, 0);
    ASSERT_EQ(first.size(), 2U);
    Middleware same = running;
    same.set_of_all(before.middleware);
    EXPECT_EQ(of(same, before, 0), first);
    Middleware other = running;
    other.set_of_all(after.middleware);
    const auto next = of(other, after, 0);
    EXPECT_EQ(next[0], first[0]);
    EXPECT_NE(next[1], first[1]);
    EXPECT_EQ(of(other, after, 1), (std::vector{next[1]})) << "one for both";
    EXPECT_EQ(of(running, before, 0), first) << "a copy changes nothing";
}

TEST_F(MiddlewareConfiguration, WhatItCannotBeIsSaidAtItsLine) {
    const std::string listeners = "\nlisteners: [{tcp: \"127.0.0.1:0\"}]\n";
    const auto problem = [&](const std::string& text) {
        const Texts found = problems(text + listeners);
        return found.empty() ? std::string{} : found[0];
    };
    const std::string at = "warren.yml:1: ";
    EXPECT_EQ(problem("access_log: {}"), at + "access_log: expected true or false, found a map");
    EXPECT_EQ(problem("allow: {dry_run: true}"), at + "allow.methods: missing");
    EXPECT_EQ(problem("allow: {methods: {}}"), at + "allow.methods: must not be empty");
    EXPECT_EQ(problem("allow: {methods: {add: []}}").substr(0, at.size() + 17),
              at + "allow.methods.add");
    EXPECT_EQ(problem("rate: true"), at + "rate: needs its 'methods'");
    EXPECT_EQ(problem("rate: {methods: {add: {}}}"), at + "rate.methods.add.calls: missing");
    EXPECT_EQ(problem("rate: {methods: {add: {calls: 1, per: 0s}}}"),
              at + "rate.methods.add: The rate of 'add' needs calls, in a time, and a burst that "
                   "comes again within a year");
    EXPECT_EQ(problem("audit: {file: no/such}"),
              at + "audit.file: there is no directory '" + directory_ + "/no'");
    EXPECT_TRUE(problem("audit: {level: info}").starts_with(at + "audit.level: unknown key"));
}

TEST_F(MiddlewareConfiguration, NamesMethodsThatAreServed) {
    Registry registry;
    registry.method("order", [] {});
    registry.method("status", [] {});
    const auto found = [&](const std::string& text) {
        return check_middleware(load(text), registry);
    };
    const std::string at_all = "allow: {methods: {orders: shop}}\nlisteners:\n  - ";
    const MiddlewareFindings wrong = found(at_all + "{tcp: \"127.0.0.1:0\", methods: [order]}\n");
    ASSERT_EQ(wrong.problems.size(), 1U);
    EXPECT_TRUE(wrong.problems[0].ends_with(
        "warren.yml:1: allow.methods.orders: the method 'orders' is not served here (did you mean "
        "'order'?): name one that is, or '*' for all others"))
        << wrong.problems[0];
    ASSERT_EQ(wrong.notes.size(), 1U);
    EXPECT_TRUE(wrong.notes[0].ends_with(
        "warren.yml:3: listeners[0]: nobody may call the method 'order': 'allow' names neither it "
        "nor '*'"))
        << wrong.notes[0];
    // Of a listener its own methods count.
    EXPECT_EQ(found("rate: {methods: {status: {calls: 1}}}\nlisteners:\n"
                    "  - {tcp: \"127.0.0.1:0\", methods: [order], audit: {methods: [status]}}\n"
                    "  - {tcp: \"127.0.0.1:0\"}\n")
                  .problems.size(),
              1U);
    // A proxy forwards whatever is asked for, but where it says what.
    const std::string proxy =
        "proxies: [{from: {tcp: \"127.0.0.1:0\"}, to: \"tcp://127.0.0.1:1\"}]\n";
    EXPECT_TRUE(found("rate: {methods: {other: {calls: 1}}}\n" + proxy).problems.empty());
    EXPECT_EQ(found("rate: {methods: {other: {calls: 1}}}\n"
                    "proxies: [{from: {tcp: \"127.0.0.1:0\", methods: [some]}, to: "
                    "\"tcp://127.0.0.1:1\"}]\n")
                  .problems.size(),
              1U);
}

}  // namespace
}  // namespace warren::app
