#include "runtime/dispatch/nested_failures.hpp"

#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string>

namespace warren::runtime::test {
namespace {

// As in docs/guide/asynchronous-handlers.md; of codes that are not here it is `internal`.
const std::map<Code, Code> outer_codes{{Code::expired_in_queue, Code::deadline_exceeded},
                                       {Code::deadline_exceeded, Code::deadline_exceeded},
                                       {Code::overloaded, Code::overloaded},
                                       {Code::failed, Code::failed}};

Failure inner_failure(Code code) {
    return {.code = code,
            .message = "what became of it",
            .errors = {{.location = {"name"}, .message = "too short", .type = "min_length"}},
            .data = 3,
            .peer_text = "their words",
            .retry_after = 7ms,
            .of_nested_call = true};
}

TEST(NestedFailures, OfEveryCodeAreWhatTheGuideSays) {
    for (std::size_t at = 0; at < metrics::code_count; ++at) {
        const Code code = static_cast<Code>(at);
        const auto found = outer_codes.find(code);
        const auto outer = outcome_of_nested(inner_failure(code), false, false);
        EXPECT_EQ(outer.has_value(), found != outer_codes.end()) << name_of(code);
        if (outer && found != outer_codes.end()) {
            EXPECT_EQ(outer->code, found->second) << name_of(code);
            EXPECT_TRUE(outer->message.contains("what became of it"));
            EXPECT_TRUE(outer->errors.empty() && outer->peer_text.empty());
            EXPECT_EQ(outer->data, Dynamic{}) << "it keeps to another contract";
            EXPECT_EQ(outer->retry_after.has_value(), code == Code::overloaded);
        }
        const auto late = outcome_of_nested(inner_failure(code), true, true);
        ASSERT_TRUE(late);
        EXPECT_EQ(late->code, Code::deadline_exceeded);
    }
    EXPECT_EQ(outcome_of_nested(inner_failure(Code::cancelled), false, true)->code,
              Code::cancelled);
}

/// However a handler lets go of it.
TEST(NestedFailures, AreTakenForWhatTheyAreHoweverTheyLeaveTheHandler) {
    Stage stage;
    Code code = Code::internal;
    stage.registry.method("throws", [&]() -> int { throw Error{inner_failure(code)}; });
    stage.registry.method("gives", [&]() -> std::expected<int, Failure> {
        return std::unexpected{inner_failure(code)};
    });
    stage.registry.method("unwraps", [&] {
        return std::expected<int, Failure>{std::unexpected{inner_failure(code)}}.value();
    });
    stage.registry.method("responds",
                          [&](Responder<int> responder) { responder.fail(inner_failure(code)); });
    stage.serve();
    for (std::size_t at = 0; at < metrics::code_count; ++at) {
        code = static_cast<Code>(at);
        const auto found = outer_codes.find(code);
        for (const char* const method : {"throws", "gives", "unwraps", "responds"}) {
            stage.call("1", method, {});
            stage.run();
            EXPECT_EQ(stage.take().failure,
                      found == outer_codes.end() ? Code::internal : found->second)
                << name_of(code) << ' ' << method;
        }
    }
    EXPECT_TRUE(stage.log.contains("a call of its handler's: invalid_request: what became of it"));
}

}  // namespace
}  // namespace warren::runtime::test
