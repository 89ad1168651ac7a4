#include "format/msgpack/msgpack_skip.hpp"

#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace warren::format {
namespace {

using test::octets;

TEST(MsgpackSkip, finds_the_end_however_the_input_is_cut) {
    std::string object;
    {
        MsgpackWriter writer{object};
        writer.list_head(3);
        writer.text(std::string(300, 'x'));
        writer.map_head(1);
        writer.text("k");
        writer.list_head(0);
        writer.bytes(octets("abc"));
    }
    for (std::size_t cut = 1; cut <= object.size(); ++cut) {
        MsgpackSkip skip;
        std::string unread = object + "rest";
        std::string input;
        while (!skip.is_over()) {
            const std::size_t size = std::min(cut, unread.size());
            ASSERT_NE(size, 0U);
            input += unread.substr(0, size);
            unread.erase(0, size);
            input.erase(0, skip.resume(octets(input)));
        }
        EXPECT_EQ(input + unread, "rest") << cut;
    }
}

TEST(MsgpackSkip, takes_no_memory_for_depth_and_stops_at_what_is_no_object) {
    std::string deep(1'000'000, '\x91');
    deep += '\xc0';
    MsgpackSkip skip;
    EXPECT_EQ(skip.resume(octets(deep)), deep.size());
    EXPECT_TRUE(skip.is_over());
    MsgpackSkip broken;
    EXPECT_EQ(broken.resume(octets("\x92\xc0\xc1")), 2U);
    EXPECT_FALSE(broken.is_over());
    EXPECT_EQ(broken.resume(octets("\xc1")), 0U);
    EXPECT_TRUE(MsgpackSkip::nothing().is_over());
}

}  // namespace
}  // namespace warren::format
