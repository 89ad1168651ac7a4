#include "app/state_directory.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace warren::app {
namespace {

Environment of(std::map<std::string, std::string, std::less<>> variables) {
    return [variables = std::move(variables)](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

TEST(StateDirectories, AreThoseOfTheServiceThenOfTheUser) {
    EXPECT_EQ(state_directory(of({{"STATE_DIRECTORY", "/var/lib/a:/var/lib/b"},
                                  {"XDG_STATE_HOME", "/x"},
                                  {"HOME", "/h"}})),
              "/var/lib/a");
    EXPECT_EQ(state_directory(of({{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}})), "/x/warren");
    EXPECT_EQ(state_directory(of({{"XDG_STATE_HOME", "x"}, {"HOME", "/h"}})),
              "/h/.local/state/warren");
}

TEST(StateDirectories, AreAskedForWhereNobodyKnowsThem) {
    for (const auto& environment : {of({}), of({{"HOME", ""}, {"STATE_DIRECTORY", ""}})}) {
        const auto directory = state_directory(environment);
        ASSERT_FALSE(directory);
        EXPECT_NE(directory.error().find("STATE_DIRECTORY"), std::string::npos);
        EXPECT_FALSE(buffer_file_default("orders", environment));
    }
}

TEST(StateDirectories, HaveAFileForEachProxyWhateverItsName) {
    const auto environment = of({{"STATE_DIRECTORY", "/s"}});
    EXPECT_EQ(buffer_file_default("orders", environment), "/s/orders.buffer");
    EXPECT_EQ(buffer_file_default("tcp://*:1", environment), "/s/tcp%3A%2F%2F%2A%3A1.buffer");
    EXPECT_EQ(buffer_file_default("../..", environment), "/s/..%2F...buffer");
    EXPECT_TRUE(buffer_file_default(std::string(244, 'x'), environment));
    EXPECT_FALSE(buffer_file_default(std::string(245, 'x'), environment));
}

}  // namespace
}  // namespace warren::app
