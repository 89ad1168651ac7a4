#include "protocol/response_record.hpp"

#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/failure_value.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace warren::protocol {
namespace {

std::string record_of(const Response& response) {
    std::string bytes = "what was there before";
    write_response_record(response, bytes);
    return bytes;
}

/// What a record says that is no record, or of another version.
std::string refusal_of(std::string_view bytes) {
    Arena arena;
    const auto read = read_response_record(bytes, arena);
    EXPECT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::internal);
    return read.error().message;
}

TEST(ResponseRecord, OwnsASuccess) {
    const Dynamic data = Dynamic::map({{"number", 18446744073709551615U}, {"text", "text"}});
    std::string message = "Well done";
    const std::string bytes = record_of({.message = message, .data = data.value(), .number = 7});
    message.assign("overwritten");
    Arena arena;
    const auto read = read_response_record(bytes, arena);
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->failure);
    EXPECT_EQ(read->message, "Well done");
    EXPECT_EQ(read->data, data.value());
    EXPECT_EQ(read->number, 7U);
}

TEST(ResponseRecord, TellsNoDataFromNull) {
    Arena arena;
    EXPECT_FALSE(read_response_record(record_of({.message = "OK"}), arena)->data);
    const std::string null = record_of({.message = "OK", .data = Value{}});
    EXPECT_TRUE(read_response_record(null, arena)->data->is_null());
}

TEST(ResponseRecord, OwnsAFailureWithAllThatItHas) {
    const Failure failure{.code = Code::failed,
                          .message = "Out of onions",
                          .errors = {{.location = {"a", std::size_t{2}},
                                      .message = "Input should be a valid integer",
                                      .type = "int_type"}},
                          .data = Dynamic::map({{"left", 0}}),
                          .retry_after = std::chrono::milliseconds{1500}};
    Arena arena;
    const auto read = read_response_record(record_of(to_answer(failure)), arena);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, failure.code);
    EXPECT_EQ(read.error().message, failure.message);
    ASSERT_EQ(read.error().errors.size(), 1U);
    EXPECT_EQ(read.error().errors[0].location, failure.errors[0].location);
    EXPECT_EQ(read.error().errors[0].type, "int_type");
    EXPECT_EQ(read.error().data, failure.data);
    EXPECT_EQ(read.error().retry_after, failure.retry_after);
}

TEST(ResponseRecord, KeepsWhatCannotBeWrittenAsAFailure) {
    Arena arena;
    const auto text =
        read_response_record(record_of({.message = "OK", .data = Value::text("\xff")}), arena);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Code::internal);
    EXPECT_TRUE(text.error().message.contains("cannot be kept"));
    const std::string words = record_of({.message = "\xff", .data = Value{}});
    EXPECT_TRUE(read_response_record(words, arena)) << "a message is for people";
}

TEST(ResponseRecord, RefusesWhatIsNoRecordOrOfAnotherVersion) {
    EXPECT_TRUE(refusal_of("").contains("cannot be read"));
    EXPECT_TRUE(refusal_of("\x93\x02").contains("cannot be read"));
    EXPECT_TRUE(refusal_of("\x01").contains("another version"));
    EXPECT_TRUE(refusal_of(std::string("\x94\x01\xa2OK\x90\xc0", 7)).contains("another version"));
    for (const std::string& wrong : {
             std::string("\x94\x02\xa2OK\x90\xc0", 7),               // a part is missing
             std::string("\x95\x02\xa2OK\xc0\xc0\xc0", 8),           // data that is no list
             std::string("\x95\x02\xa2OK\x92\x01\x02\xc0\xc0", 10),  // more data than one
             std::string("\x95\x02\xc0\x90\xc0\xc0", 6),             // neither
             std::string("\x95\x02\xa2OK\x90\x80\xc0", 8),           // both
             std::string("\x95\x02\xc0\x90\x80\xc0", 6),             // a failure without a name
         }) {
        EXPECT_TRUE(refusal_of(wrong).contains("cannot be read"));
    }
    const std::string whole = record_of({.message = "OK", .data = Value::text("data")});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        refusal_of(std::string_view{whole}.substr(0, size));
    }
}

}  // namespace
}  // namespace warren::protocol
