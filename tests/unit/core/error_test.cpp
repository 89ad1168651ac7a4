#include <warren/error.hpp>

#include <gtest/gtest.h>

#include <set>

namespace warren {
namespace {

TEST(Code, goes_to_its_name_and_back) {
    std::set<std::string_view> names;
    for (int number = 0; number <= static_cast<int>(Code::internal); ++number) {
        const auto code = static_cast<Code>(number);
        EXPECT_EQ(code_named(name_of(code)), code);
        names.insert(name_of(code));
    }
    EXPECT_EQ(names.size(), 17U);
    EXPECT_EQ(code_named("timeout"), std::nullopt);
    EXPECT_EQ(code_named(""), std::nullopt);
}

TEST(Code, promises_a_safe_retry_only_where_nothing_happened) {
    EXPECT_EQ(retry_of(Code::no_responder), Retry::safe);
    EXPECT_EQ(retry_of(Code::expired_in_queue), Retry::safe);
    EXPECT_EQ(retry_of(Code::overloaded), Retry::safe);
    EXPECT_EQ(retry_of(Code::deadline_exceeded), Retry::if_idempotent);
    EXPECT_EQ(retry_of(Code::connection_lost), Retry::if_idempotent);
    EXPECT_EQ(retry_of(Code::invalid_request), Retry::useless);
}

TEST(FieldError, prints_its_location) {
    EXPECT_EQ(to_string(std::vector<PathStep>{}), "");
    EXPECT_EQ(to_string(std::vector<PathStep>{"a", std::size_t{0}, std::size_t{12}, "b"}),
              "a[0][12].b");
    EXPECT_EQ(to_string(std::vector<PathStep>{std::size_t{3}, "b"}), "[3].b");
}

TEST(Failure, prints_all_it_knows) {
    const Failure failure{.code = Code::invalid_request,
                          .message = "Request validation failed",
                          .errors = {{{"a", std::size_t{1}}, "is missing", "missing"},
                                     {{}, "is no object", "object_type"}},
                          .peer_text = "peer"};
    EXPECT_EQ(to_string(failure),
              "invalid_request: Request validation failed\n  a[1]: is missing [missing]\n"
              "  is no object [object_type] (peer)");
}

TEST(Error, carries_its_failure) {
    const Error own{"no onions left", Dynamic{7}};
    EXPECT_EQ(own.code(), Code::failed);
    EXPECT_EQ(own.message(), "no onions left");
    EXPECT_EQ(own.failure().data, Dynamic{7});
    EXPECT_STREQ(own.what(), "failed: no onions left");
    EXPECT_STREQ((Error{Code::conflict, "other request"}.what()), "conflict: other request");
}

}  // namespace
}  // namespace warren
