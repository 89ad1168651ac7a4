#include "endpoint/call_log/call_log_id.hpp"

#include <warren/types.hpp>

#include <gtest/gtest.h>

namespace warren::endpoint {
namespace {

TEST(CallLogId, AUuidStaysOneInLowerCase) {
    EXPECT_EQ(call_log_id("0AF76519-16CD-43DD-8448-EB211C80319C"),
              "0af76519-16cd-43dd-8448-eb211c80319c");
}

TEST(CallLogId, AnythingElseBecomesAlwaysTheSameOne) {
    // As Python's uuid.uuid5 makes it, in the same space.
    EXPECT_EQ(call_log_id("17"), "fa1a8e6c-a631-54eb-ab9f-99f917adbe12");
    EXPECT_NE(call_log_id("17"), call_log_id("18"));
    const std::string id = call_log_id("17");
    EXPECT_TRUE(Uuid::parse(id));
    EXPECT_EQ(id[14], '5') << id;
    EXPECT_TRUE(id[19] == '8' || id[19] == '9' || id[19] == 'a' || id[19] == 'b') << id;
}

TEST(CallLogId, WithoutOneEachIsAnother) {
    EXPECT_NE(fresh_call_log_id(), fresh_call_log_id());
    EXPECT_TRUE(Uuid::parse(fresh_call_log_id()));
}

}  // namespace
}  // namespace warren::endpoint
