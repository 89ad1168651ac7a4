#include <warren/middleware.hpp>

#include "unit/endpoint/interceptors/incoming.hpp"

#include <gtest/gtest.h>

namespace warren::endpoint::test {
namespace {

class AllowTest : public testing::Test {
protected:
    std::string denied(ServerInterceptor& rules, std::string_view method, std::string_view caller) {
        Incoming incoming{method, caller, log};
        const auto failure = rules.begin(incoming.call);
        EXPECT_TRUE(!failure || failure->code == Code::permission_denied);
        return failure ? failure->message : "";
    }

    Lines log;
};

TEST_F(AllowTest, WhoIsNamedMayCallAndNobodyElse) {
    const auto rules = allow({.methods = {{"order", {"billing", "shop"}},
                                          {"status", {"*"}},
                                          {"ping", {"*", ""}},
                                          {"*", {"admin"}}}});
    EXPECT_EQ(denied(*rules, "order", "billing"), "");
    EXPECT_EQ(denied(*rules, "order", "shop"), "");
    EXPECT_EQ(denied(*rules, "order", "admin"), "'admin' may not call 'order'");
    EXPECT_EQ(denied(*rules, "order", ""), "who has no identity may not call 'order'");
    EXPECT_EQ(denied(*rules, "status", "whoever"), "");
    EXPECT_EQ(denied(*rules, "status", ""), "who has no identity may not call 'status'");
    EXPECT_EQ(denied(*rules, "ping", ""), "");
    EXPECT_EQ(denied(*rules, "ping", "whoever"), "");
    EXPECT_EQ(denied(*rules, "reset", "admin"), "");
    EXPECT_EQ(denied(*rules, "reset", "shop"), "'shop' may not call 'reset'");
}

TEST_F(AllowTest, WhatIsNotNamedNobodyMayCall) {
    const auto rules = allow({.methods = {{"order", {"shop"}}}});
    EXPECT_EQ(denied(*rules, "reset", "shop"), "'shop' may not call 'reset'");
    EXPECT_EQ(denied(*allow({}), "order", "shop"), "'shop' may not call 'order'");
}

TEST_F(AllowTest, NamesAreNoPatterns) {
    const auto rules = allow({.methods = {{"order", {"shop*"}}}});
    EXPECT_EQ(denied(*rules, "order", "shop*"), "");
    EXPECT_NE(denied(*rules, "order", "shopping"), "");
    EXPECT_NE(denied(*rules, "order", "*"), "") << "whose name that is, is one of many";
}

TEST_F(AllowTest, ADryRunDeniesNothingAndTellsOfEachOnce) {
    const auto rules = allow({.methods = {{"order", {"shop"}}}, .dry_run = true});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(denied(*rules, "order", "billing"), "");
        EXPECT_EQ(denied(*rules, "order", "shop"), "");
    }
    EXPECT_EQ(denied(*rules, "order\n", "billing"), "");
    EXPECT_EQ(log.all(),
              (std::vector<std::string>{"tcp://127.0.0.1:7000: would be denied: 'billing' may not "
                                        "call 'order' (allow, dry_run)",
                                        "tcp://127.0.0.1:7000: would be denied: 'billing' may not "
                                        "call 'order\\n' (allow, dry_run)"}));
}

}  // namespace
}  // namespace warren::endpoint::test
