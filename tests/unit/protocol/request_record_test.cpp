#include "protocol/request_record.hpp"

#include <warren/dynamic.hpp>

#include <gtest/gtest.h>

#include <string>

namespace warren::protocol {
namespace {

TEST(RequestRecords, KeepWhatALaterAttemptNeeds) {
    const Dynamic arguments = Dynamic::map({{"item", "onions"}, {"count", 2}});
    RequestRecord record{
        .call = {.method = "order", .arguments = arguments.value(), .correlation_id = "c"},
        .listener = "tcp://here",
        .expires_at_ms = 1'700'000'000'000};
    record.call.metadata = {.time_left = std::chrono::milliseconds{5},
                            .caller = "jo",
                            .idempotency_key = "k",
                            .baggage = "b=1",
                            .priority = 7};
    const std::string bytes = write_request_record(record).value();
    Arena arena;
    const RequestRecord read = read_request_record(bytes, arena).value();
    EXPECT_EQ(read.call.method, "order");
    EXPECT_EQ(Dynamic{read.call.arguments}, arguments);
    EXPECT_EQ(read.call.correlation_id, "c");
    EXPECT_EQ(read.listener, "tcp://here");
    EXPECT_EQ(read.expires_at_ms, 1'700'000'000'000);
    EXPECT_FALSE(read.call.metadata.time_left);
    EXPECT_EQ(read.call.metadata.caller, "jo");
    EXPECT_EQ(read.call.metadata.idempotency_key, "k");
    EXPECT_EQ(read.call.metadata.baggage, "b=1");
    EXPECT_EQ(read.call.metadata.priority, 7);
}

TEST(RequestRecords, OfOtherBytesAreNone) {
    Arena arena;
    for (const std::string_view bytes : {"", "\xC0", "\x94\x02\xA1m\xC0\x80", "\x91\x01"}) {
        EXPECT_EQ(read_request_record(bytes, arena).error().code, Code::internal);
    }
    EXPECT_EQ(write_request_record({.call = {.method = "\xFF"}}).error().code,
              Code::invalid_request);
}

}  // namespace
}  // namespace warren::protocol
