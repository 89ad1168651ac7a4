#include "endpoint/modules/modules.hpp"

#include <warren/module.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

const std::string root = WARREN_TEST_MODULES;

std::string directory(const std::string& name) {
    return root + "/" + name;
}
std::string file(const std::string& name) {
    return root + "/" + name + "/" + name + ".so";
}

std::vector<ModuleProblem> load(std::vector<std::string> directories, Registry& registry) {
    return load_modules(directories, registry);
}

/// The one problem of loading a module that must not load.
std::string reason_of(const std::string& name) {
    Registry registry;
    const auto problems = load({directory(name)}, registry);
    EXPECT_TRUE(registry.all().empty());
    EXPECT_EQ(problems.size(), 1U);
    if (problems.size() != 1) {
        return {};
    }
    EXPECT_EQ(problems[0].file, file(name));
    return problems[0].reason;
}

TEST(Modules, RegisterTheirMethodsWithTheFileAsOrigin) {
    Registry registry;
    EXPECT_TRUE(load({directory("first")}, registry).empty());
    ASSERT_NE(registry.find("first"), nullptr);
    EXPECT_EQ(registry.find("first")->origin, file("first"));
}

TEST(Modules, OneFileReachedTwiceIsLoadedOnce) {
    Registry registry;
    EXPECT_TRUE(load({directory("first"), directory("first") + "/../first"}, registry).empty());
    EXPECT_EQ(registry.all().size(), 1U);
}

TEST(Modules, ADuplicateMethodNamesBothFilesAndLeavesTheRest) {
    Registry registry;
    const auto problems = load({directory("first"), directory("duplicate")}, registry);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].file, file("duplicate"));
    EXPECT_NE(problems[0].reason.find(file("first")), std::string::npos) << problems[0].reason;
    EXPECT_NE(problems[0].reason.find("'first'"), std::string::npos) << problems[0].reason;
    EXPECT_NE(registry.find("only_here"), nullptr);
    EXPECT_EQ(registry.find("first")->origin, file("first"));
}

TEST(Modules, AnotherAbiVersionIsNamedBesideOurs) {
    const std::string reason = reason_of("other_abi");
    EXPECT_NE(reason.find("ABI " + std::to_string(abi::version + 1)), std::string::npos) << reason;
    EXPECT_NE(reason.find("ABI " + std::to_string(abi::version) + ":"), std::string::npos)
        << reason;
    EXPECT_EQ(std::getenv("WARREN_TEST_OTHER_ABI_RAN"), nullptr) << "its static objects were made";
}

TEST(Modules, ALibraryWithoutMethodsIsNoModule) {
    EXPECT_NE(reason_of("no_symbol").find("no symbol 'warren_module'"), std::string::npos);
}

TEST(Modules, AnUnresolvedSymbolIsNamed) {
    const std::string reason = reason_of("unresolved");
    EXPECT_NE(reason.find("nobody_defines_this"), std::string::npos) << reason;
}

TEST(Modules, ARegistrationThatThrowsLeavesNothingBehind) {
    EXPECT_NE(reason_of("throws").find("no database here"), std::string::npos);
}

TEST(Modules, ABadPatternIsNamedByItsFieldHoweverDeep) {
    EXPECT_EQ(reason_of("bad_pattern"),
              "its registration failed: Inner.name: the pattern \"[a\" is not valid (RE2): "
              "missing ]: [a");
}

TEST(Modules, WhatIsNoSharedObjectSaysSo) {
    const std::string place = testing::TempDir() + "warren_broken_modules";
    std::filesystem::create_directories(place);
    std::ofstream{place + "/broken.so"} << "this is text";
    std::ofstream{place + "/readme.txt"} << "not looked at";
    Registry registry;
    const auto problems = load({place}, registry);
    std::filesystem::remove_all(place);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].reason.find("not a shared object"), std::string::npos)
        << problems[0].reason;
}

TEST(Modules, ADirectoryThatIsNotThereIsAProblemByName) {
    Registry registry;
    const auto problems = load({directory("nowhere"), file("first")}, registry);
    const std::vector<ModuleProblem> expected{{directory("nowhere"), "no such directory"},
                                              {file("first"), "not a directory"}};
    EXPECT_EQ(problems, expected);
}

#ifdef __GNUC__
#ifndef __clang__
// g++ makes one object of two visible statics of one name, even in modules loaded apart.
TEST(Modules, TwoVisibleTypesOfOneNameAreRefused) {
    Registry registry;
    const auto problems = load({directory("first"), directory("same_type")}, registry);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].file, file("same_type"));
    EXPECT_NE(problems[0].reason.find(file("first")), std::string::npos) << problems[0].reason;
}
#endif
#endif

}  // namespace
}  // namespace warren::endpoint
