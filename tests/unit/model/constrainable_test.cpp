#include <warren/model.hpp>

#include "unit/model/binding.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

struct Within {
    std::optional<Secret<int>> number;
    std::variant<bool, std::string> choice;
    std::unordered_map<std::string, int> counts;
    std::optional<RelativePath> file;
    Dynamic anything;
};
WARREN_MODEL(Within, (number, at_least(2)), (choice, min_length(2), pattern("^a")),
             (counts, max_length(1)), (file, max_length(3), pattern("/")),
             (anything, less_than(5), max_length(2), pattern("b")))

TEST(Constraints, HoldForTheContentOfOptionalsSecretsUnionsAndAnything) {
    EXPECT_EQ(bind_errors<Within>(
                  R"({"number":1,"choice":"b","counts":{"a":1,"b":2},"file":"long","anything":9})"),
              (Brief{"number greater_than_equal", "choice string_too_short",
                     "choice string_pattern_mismatch", "counts too_long", "file string_too_long",
                     "file string_pattern_mismatch", "anything less_than"}));
    EXPECT_EQ(bind_errors<Within>(
                  R"({"number":2,"choice":true,"counts":{},"file":"a/b","anything":"b"})"),
              Brief{});
}

}  // namespace
}  // namespace warren::test
