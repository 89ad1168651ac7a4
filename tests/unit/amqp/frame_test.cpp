#include "amqp/frame.hpp"

#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::amqp {

namespace {

using test::as_octets;
using test::as_string;

TEST(Frame, ReadsTheGoldenFrame) {
    const std::string bytes{
        "\x03\x01\x02\x00\x00\x00\x02hi\xCE"
        "rest",
        14};
    const auto frame = read_frame(as_octets(bytes), frame_bytes_min);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, FrameType::body);
    EXPECT_EQ(frame->channel, 0x0102);
    EXPECT_EQ(as_string(frame->payload), "hi");
    EXPECT_EQ(frame->bytes(), 10U);
}

TEST(Frame, NeedsMoreAtEveryCut) {
    const std::string whole = test::frame(1, 7, "payload");
    for (std::size_t cut = 0; cut != whole.size(); ++cut) {
        const auto frame = read_frame(as_octets(whole).first(cut), frame_bytes_min);
        ASSERT_FALSE(frame);
        EXPECT_EQ(frame.error(), FrameError::need_more) << cut;
    }
}

TEST(Frame, AcceptsExactlyTheLimit) {
    const std::string at_limit = test::body(1, std::string(frame_bytes_min - 8, 'x'));
    EXPECT_TRUE(read_frame(as_octets(at_limit), frame_bytes_min));
    const std::string over_limit = test::body(1, std::string(frame_bytes_min - 7, 'x'));
    EXPECT_EQ(read_frame(as_octets(over_limit), frame_bytes_min).error(), FrameError::too_large);
}

TEST(Frame, RefusesTheSizeBeforeThePayloadComes) {
    const std::string head = "\x01" + test::u16(0) + test::u32(0xFFFFFFFF);
    EXPECT_EQ(read_frame(as_octets(head), frame_bytes_min).error(), FrameError::too_large);
}

TEST(Frame, RefusesAnUnknownTypeByItsFirstByte) {
    for (unsigned type = 0; type != 256; ++type) {
        const auto frame = read_frame(as_octets(test::u8(type)), frame_bytes_min);
        const bool known = type == 1 || type == 2 || type == 3 || type == 8;
        EXPECT_EQ(frame.error(), known ? FrameError::need_more : FrameError::unknown_type) << type;
    }
}

TEST(Frame, RefusesAnotherEnd) {
    std::string bytes = test::frame(1, 0, "x");
    bytes.back() = '\xCD';
    EXPECT_EQ(read_frame(as_octets(bytes), frame_bytes_min).error(), FrameError::bad_end);
}

TEST(Frame, WritesTheGoldenHeartbeat) {
    OutputBuffer output;
    Writer writer{output};
    write_heartbeat(writer);
    EXPECT_EQ(as_string(output.bytes()), (std::string{"\x08\0\0\0\0\0\0\xCE", 8}));
}

TEST(Frame, WritingOverTheLimitFails) {
    for (const std::size_t extra : {0U, 1U}) {
        OutputBuffer output;
        Writer writer{output};
        const std::size_t begin = begin_frame(writer, FrameType::method, 1);
        writer.characters(std::string(frame_bytes_min - frame_overhead_bytes + extra, 'x'));
        end_frame(writer, begin, frame_bytes_min);
        EXPECT_EQ(writer.error(), extra == 0 ? CommandError::none : CommandError::frame_too_large);
    }
}

TEST(Wire, AShortStringEndsAt255Bytes) {
    OutputBuffer output;
    Writer writer{output};
    writer.short_string(std::string(255, 'a'));
    EXPECT_EQ(writer.error(), CommandError::none);
    EXPECT_EQ(output.size(), 256U);
    writer.short_string(std::string(256, 'a'));
    EXPECT_EQ(writer.error(), CommandError::short_string_too_long);
}

TEST(Wire, AReaderFailsPastItsEndAndStaysFailed) {
    Reader reader{
        as_octets(std::string_view{"\x00\x05"
                                   "abc",
                                   5})};
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_EQ(reader.short_string(), "");
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.u64(), 0U);
    EXPECT_TRUE(reader.rest().empty());
}

TEST(Wire, BitsShareAnOctetTheFirstLowest) {
    EXPECT_EQ(pack_bits({true, false, true, true}), 0b1101);
    EXPECT_EQ(pack_bits({false, true}), 0b10);
}

}  // namespace

}  // namespace warren::amqp
