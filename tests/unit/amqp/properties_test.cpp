#include "amqp/properties.hpp"

#include <warren/dynamic.hpp>

#include "support/support.hpp"
#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace warren::amqp {

namespace {

using test::as_octets;
using test::as_string;
using test::long_string;
using test::short_string;
using test::u16;
using test::u32;
using test::u64;
using test::u8;

const std::string headers_on_the_wire = long_string(short_string("k") + "t\1");

BasicProperties all_properties() {
    return {.content_type = "application/json",
            .content_encoding = "utf-8",
            .headers = as_octets(headers_on_the_wire),
            .delivery_mode = delivery_mode_persistent,
            .priority = 9,
            .correlation_id = "c",
            .reply_to = "r",
            .expiration = "60000",
            .message_id = "m",
            .timestamp = 1700000000,
            .type = "t",
            .user_id = "u",
            .app_id = "a",
            .cluster_id = "cl"};
}

std::string all_on_the_wire() {
    return u16(0xFFFC) + short_string("application/json") + short_string("utf-8") +
           headers_on_the_wire + u8(2) + u8(9) + short_string("c") + short_string("r") +
           short_string("60000") + short_string("m") + u64(1700000000) + short_string("t") +
           short_string("u") + short_string("a") + short_string("cl");
}

std::string written(const BasicProperties& properties, const Value& headers = {}) {
    OutputBuffer output;
    Writer writer{output};
    write_properties(writer, properties, headers);
    EXPECT_EQ(writer.error(), CommandError::none);
    return as_string(output.bytes());
}

BasicProperties without(BasicProperties properties, unsigned index) {
    switch (index) {
    case 0:
        properties.content_type.reset();
        break;
    case 1:
        properties.content_encoding.reset();
        break;
    case 2:
        properties.headers.reset();
        break;
    case 3:
        properties.delivery_mode.reset();
        break;
    case 4:
        properties.priority.reset();
        break;
    case 5:
        properties.correlation_id.reset();
        break;
    case 6:
        properties.reply_to.reset();
        break;
    case 7:
        properties.expiration.reset();
        break;
    case 8:
        properties.message_id.reset();
        break;
    case 9:
        properties.timestamp.reset();
        break;
    case 10:
        properties.type.reset();
        break;
    case 11:
        properties.user_id.reset();
        break;
    case 12:
        properties.app_id.reset();
        break;
    case 13:
        properties.cluster_id.reset();
        break;
    default:
        break;
    }
    return properties;
}

/// Equal as events show them.
std::string shown(const BasicProperties& properties) {
    return test::describe(Delivery{.properties = properties});
}

TEST(Properties, WritesAllFourteen) {
    EXPECT_EQ(written(all_properties()), all_on_the_wire());
}

TEST(Properties, WritesNone) {
    EXPECT_EQ(written({}), u16(0));
}

TEST(Properties, ReadsAllFourteen) {
    const std::string wire = all_on_the_wire();
    Reader reader{as_octets(wire)};
    BasicProperties properties;
    read_properties(reader, properties);
    EXPECT_FALSE(reader.failed());
    EXPECT_TRUE(reader.rest().empty());
    EXPECT_EQ(shown(properties), shown(all_properties()));
}

TEST(Properties, EverySubsetComesBackAsItWas) {
    for (unsigned subset = 0; subset != 1U << 14; ++subset) {
        BasicProperties properties = all_properties();
        for (unsigned index = 0; index != 14; ++index) {
            if ((subset >> index & 1) == 0) {
                properties = without(properties, index);
            }
        }
        const std::string wire = written(properties);
        Reader reader{as_octets(wire)};
        BasicProperties read;
        read_properties(reader, read);
        ASSERT_FALSE(reader.failed()) << subset;
        ASSERT_TRUE(reader.rest().empty()) << subset;
        ASSERT_EQ(shown(read), shown(properties)) << subset;
    }
}

TEST(Properties, FailAtEveryCut) {
    const std::string wire = all_on_the_wire();
    for (std::size_t cut = 0; cut != wire.size(); ++cut) {
        Reader reader{as_octets(wire).first(cut)};
        BasicProperties properties;
        read_properties(reader, properties);
        EXPECT_TRUE(reader.failed()) << cut;
    }
}

TEST(Properties, FailOnFlagsOfNoProperty) {
    for (const unsigned flags : {1U, 2U}) {
        const std::string wire = u16(flags) + u16(0);
        Reader reader{as_octets(wire)};
        BasicProperties properties;
        read_properties(reader, properties);
        EXPECT_TRUE(reader.failed()) << flags;
    }
}

TEST(Properties, AMapOfHeadersReplacesTheEncodedOnes) {
    const Dynamic headers = Dynamic::map({{"attempt", 2}});
    EXPECT_EQ(written({.headers = as_octets(headers_on_the_wire)}, headers.value()),
              u16(0x2000) + long_string(short_string("attempt") + "I" + u32(2)));
}

TEST(Properties, RefuseTextOver255Bytes) {
    for (const std::size_t size : {255U, 256U}) {
        const std::string text(size, 'x');
        OutputBuffer output;
        Writer writer{output};
        write_properties(writer, {.correlation_id = text});
        EXPECT_EQ(writer.error(),
                  size == 255 ? CommandError::none : CommandError::short_string_too_long);
    }
}

}  // namespace

}  // namespace warren::amqp
