#include "transport/amqp/publish_window.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace warren::transport {
namespace {

using Tokens = std::vector<std::uint64_t>;

Tokens confirm(PublishWindow& window, std::uint64_t number, bool multiple) {
    Tokens heard;
    window.confirmed(number, multiple, [&](std::uint64_t token) { heard.push_back(token); });
    return heard;
}

PublishWindow published(std::uint64_t count) {
    PublishWindow window;
    for (std::uint64_t number = 1; number <= count; ++number) {
        window.published(number, {.token = 100 + number, .address_hash = number % 3});
    }
    return window;
}

TEST(PublishWindow, HearsOfEachOnceInAnyOrder) {
    PublishWindow window = published(5);
    EXPECT_EQ(confirm(window, 3, false), (Tokens{103}));
    EXPECT_EQ(confirm(window, 3, false), Tokens{});
    EXPECT_EQ(confirm(window, 4, true), (Tokens{101, 102, 104}));
    EXPECT_EQ(window.size(), 1U);
    EXPECT_EQ(confirm(window, 9, true), Tokens{}) << "never published";
    EXPECT_EQ(confirm(window, 5, false), (Tokens{105}));
    EXPECT_EQ(window.size(), 0U);
}

TEST(PublishWindow, FindsReturnsInOrderAndConfirmsThemSilently) {
    PublishWindow window = published(6);
    EXPECT_EQ(window.returned(1), 101U);
    EXPECT_EQ(window.returned(1), 104U);
    EXPECT_EQ(window.returned(1), std::nullopt);
    EXPECT_EQ(window.returned(7), std::nullopt);
    EXPECT_EQ(confirm(window, 6, true), (Tokens{102, 103, 105, 106}));
}

TEST(PublishWindow, GrowsAndGivesOutWhatIsOpenWhenItCloses) {
    PublishWindow window = published(1000);
    EXPECT_EQ(confirm(window, 990, true).size(), 990U);
    EXPECT_EQ(confirm(window, 995, false), (Tokens{1095}));
    Tokens open;
    window.close([&](const PublishWindow::Message& message) { open.push_back(message.token); });
    EXPECT_EQ(open, (Tokens{1091, 1092, 1093, 1094, 1096, 1097, 1098, 1099, 1100}));
    EXPECT_EQ(window.size(), 0U);
    window.published(1, {.token = 7});
    EXPECT_EQ(confirm(window, 1, false), (Tokens{7}));
}

}  // namespace
}  // namespace warren::transport
