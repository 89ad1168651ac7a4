#include "docs/schema_name.hpp"

#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

#include <set>

namespace warren::docs {
namespace {

TEST(SchemaName, IsTheMethods) {
    EXPECT_EQ(schema_file("dx_example"), "dx_example.json");
    EXPECT_EQ(schema_reference("dx_example"), "dx_example.json");
    EXPECT_EQ(schema_file("rpc.discover"), "rpc.discover.json");
}

TEST(SchemaName, IsEncodedWhereAFileCouldNotHaveIt) {
    EXPECT_EQ(schema_file("a/b"), "a%2Fb.json");
    EXPECT_EQ(schema_reference("a/b"), "a%252Fb.json");
    EXPECT_EQ(schema_file(".."), "%2E..json");
    EXPECT_EQ(schema_file(""), "%00.json");
    EXPECT_EQ(schema_reference("javascript:alert(1)"), "javascript%253Aalert%25281%2529.json");
}

TEST(SchemaName, IsNoneOfOurs) {
    EXPECT_EQ(schema_file("head"), "%68ead.json");
    EXPECT_EQ(schema_file("bundle"), "%62undle.json");
    EXPECT_EQ(schema_file("index"), "%69ndex.json");
}

TEST(SchemaName, IsOneOfItsOwn) {
    std::set<std::string> files{"head.json", "bundle.json", "index.json"};
    std::vector<std::string> names = test::hostile_texts();
    names.insert(names.end(), {"", std::string(3'000, 'y'), std::string(2'999, 'x'), "%68ead"});
    for (const std::string& name : names) {
        const std::string file = schema_file(name);
        EXPECT_TRUE(files.insert(file).second) << name;
        EXPECT_LT(file.size(), 255U);
        EXPECT_FALSE(file.contains('/'));
        EXPECT_FALSE(file.starts_with('.'));
    }
}

}  // namespace
}  // namespace warren::docs
