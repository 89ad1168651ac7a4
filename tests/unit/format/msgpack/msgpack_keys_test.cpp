#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::format {
namespace {

using test::octets;

std::string refusal_of(std::string_view bytes) {
    Arena arena;
    const auto value = msgpack_decode(octets(bytes), arena, {.text_keys = true});
    return value ? "" : value.error().message + " (" + std::string{value.error().type} + ')';
}

TEST(MsgpackKeys, are_refused_by_name_and_place_where_they_are_no_text) {
    struct Case {
        std::string bytes;
        const char* words;
    };
    for (const Case& each : {
             Case{{"\x81\x07\x01", 3},
                  ": the integer 7, which should be text, in the map at the top"},
             Case{{"\x81\xc0\x01", 3}, ": nil, which"},
             Case{{"\x81\xca\x3f\x80\x00\x00\x01", 7}, ": the float 1, which"},
             Case{{"\x81\xc3\x01", 3}, ": true, which"},
             Case{{"\x81\xc4\x01x\x01", 5}, ": bytes, which"},
             Case{{"\x92\xc0\x81\xa1m\x81\x07\x01", 8}, "in the map at [1].m"},
         }) {
        const std::string refused = refusal_of(each.bytes);
        EXPECT_NE(refused.find(each.words), std::string::npos) << refused;
        EXPECT_TRUE(refused.ends_with("(key_not_text)")) << refused;
        Arena arena;
        EXPECT_TRUE(msgpack_decode(octets(each.bytes), arena)) << "others may have any";
    }
    EXPECT_EQ(refusal_of("\x81\xa1k\x01"), "");
}

TEST(MsgpackKeys, are_named_where_they_stand_twice) {
    const std::string refused = refusal_of({"\x91\x82\xa1k\x01\xa1k\x02", 8});
    EXPECT_NE(refused.find(R"(: "k", for the second time, in the map at [0])"), std::string::npos)
        << refused;
    EXPECT_TRUE(refused.ends_with("(key_twice)"));
}

TEST(MsgpackReader, AQuickOneLeavesWhatIsLongOrBigUnread) {
    const auto read = [](std::string_view bytes, Arena& arena) {
        MsgpackReader reader{{}, MsgpackText::strict, 16};
        return reader.read(octets(bytes), arena);
    };
    const auto packed = [](std::size_t size) {
        std::string out;
        MsgpackWriter{out}.text(std::string(size, 'x'));
        return out;
    };
    std::string text = packed(14);
    Arena arena;
    EXPECT_FALSE(read(text, arena).is_unread);
    EXPECT_EQ(read(text, arena).value.as_text().size(), 14U);
    text = packed(17);
    const MsgpackRead longer = read(text + "rest", arena);
    EXPECT_TRUE(longer.is_unread);
    EXPECT_EQ(longer.state, MsgpackScan::State::complete);
    EXPECT_EQ(longer.size_bytes, text.size());
    // No room for its items, however few bytes they have.
    detail::MemoryBudget none{0, "none"};
    Arena full{none};
    EXPECT_TRUE(read("\x92\x01\x02", full).is_unread);
    EXPECT_EQ(read("\x92\x01", full).state, MsgpackScan::State::need_more);
    MsgpackReader whole;
    EXPECT_THROW(whole.read(octets("\x92\x01\x02"), full), Arena::Full);
}

}  // namespace
}  // namespace warren::format
