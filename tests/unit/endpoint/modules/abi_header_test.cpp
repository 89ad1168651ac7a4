#include "endpoint/modules/abi_header.hpp"

#include <warren/module.hpp>

#include "support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace warren::endpoint {
namespace {

std::string module_file(const std::string& name) {
    return std::string{WARREN_TEST_MODULES} + "/" + name + "/" + name + ".so";
}

class AbiHeaderFile : public testing::Test {
protected:
    AbiHeaderFile()
        : place_{testing::TempDir() + "warren_stamp_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name() + ".so"} {
        std::ifstream stream{module_file("first"), std::ios::binary};
        content.assign(std::istreambuf_iterator<char>{stream}, {});
    }
    ~AbiHeaderFile() override { std::filesystem::remove(place_); }

    std::expected<AbiHeader, std::string> stamp_of(std::string_view bytes) const {
        std::ofstream{place_, std::ios::binary} << bytes;
        return read_abi_header(place_);
    }

    std::string content;

private:
    std::string place_;
};

TEST_F(AbiHeaderFile, IsReadWithoutLoading) {
    const auto stamp = stamp_of(content);
    ASSERT_TRUE(stamp) << stamp.error();
    EXPECT_EQ(std::string(stamp->magic, 6), "WARREN");
    EXPECT_EQ(stamp->abi_version, abi::version);
    EXPECT_EQ(stamp->header_bytes, sizeof(abi::ModuleHeader));
}

TEST_F(AbiHeaderFile, AFileCutAnywhereIsRefused) {
    ASSERT_GT(content.size(), 4096U);
    // Every length of the header, then about a thousand to the end: the sections' table is last.
    const std::size_t step = content.size() / 1000 + 1;
    for (std::size_t size = 0; size < content.size(); size += size < 128 ? 1 : step) {
        const auto stamp = stamp_of(std::string_view{content}.substr(0, size));
        EXPECT_FALSE(stamp) << size;
    }
}

TEST_F(AbiHeaderFile, ADamagedFileIsReadWithinItsBounds) {
    std::mt19937_64 random = std::mt19937_64{test::random_seed()};
    // The header and the table of sections lead everywhere else.
    const std::size_t table_bytes = std::min<std::size_t>(content.size() / 2, 4096);
    std::uniform_int_distribution<std::size_t> in_header{4, 63};
    std::uniform_int_distribution<std::size_t> in_table{content.size() - table_bytes,
                                                        content.size() - 1};
    for (int round = 0; round < 2000; ++round) {
        std::string damaged = content;
        for (int byte = 0; byte < 4; ++byte) {
            damaged[round % 2 == 0 ? in_header(random) : in_table(random)] =
                static_cast<char>(random());
        }
        const auto stamp = stamp_of(damaged);
        if (!stamp) {
            EXPECT_FALSE(stamp.error().empty());
        }
    }
}

TEST(AbiHeader, OfWhatIsNoModuleSaysWhy) {
    EXPECT_EQ(read_abi_header("/nowhere/module.so").error(), "cannot be read");
    EXPECT_EQ(read_abi_header(WARREN_TEST_MODULES).error(), "not a shared object of this machine");
    EXPECT_TRUE(read_abi_header(module_file("no_symbol"))
                    .error()
                    .starts_with("is no Warren module: it has no symbol"));
}

}  // namespace
}  // namespace warren::endpoint
