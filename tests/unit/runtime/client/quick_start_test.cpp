#include "support/support.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

// What the README shows is what is compiled.
namespace {

std::string contents_of(const std::string& file) {
    std::ifstream stream{warren::test::source_directory() + "/" + file};
    EXPECT_TRUE(stream.is_open()) << file;
    return {std::istreambuf_iterator<char>{stream}, {}};
}

TEST(QuickStart, TheReadmeShowsTheProgram) {
    const std::string readme = contents_of("README.md");
    const std::string opening = "<!-- quick start -->\n```cpp\n";
    const std::size_t begin = readme.find(opening);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t program = begin + opening.size();
    const std::size_t end = readme.find("```\n<!-- /quick start -->", program);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(readme.substr(program, end - program), contents_of("examples/quick_start.cpp"));
}

}  // namespace
