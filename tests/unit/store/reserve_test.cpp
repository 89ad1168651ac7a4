#include "store/reserve.hpp"

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace warren::store {
namespace {

TEST(Reserves, AreFilesOfTheirSizeUntilTheyAreGivenBack) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("reserve");
    {
        Reserve reserve{path, 100'000};
        EXPECT_FALSE(reserve.is_held());
        EXPECT_TRUE(reserve.take());
        EXPECT_TRUE(reserve.is_held());
        EXPECT_EQ(std::filesystem::file_size(path), 100'000U);
        reserve.release();
        EXPECT_FALSE(reserve.is_held());
        EXPECT_FALSE(std::filesystem::exists(path));
        EXPECT_TRUE(reserve.take());
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Reserves, TakeOverWhatAKilledProcessLeft) {
    const test::TemporaryDirectory directory;
    std::ofstream{directory.file("reserve")} << "left";
    Reserve reserve{directory.file("reserve"), 100'000};
    EXPECT_TRUE(reserve.take());
    EXPECT_EQ(std::filesystem::file_size(directory.file("reserve")), 100'000U);
}

}  // namespace
}  // namespace warren::store
