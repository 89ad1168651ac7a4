#include "metrics/call_series.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

namespace warren::runtime::test {
namespace {

class DispatcherSeries : public testing::Test {
protected:
    DispatcherSeries() {
        stage_.registry.method("good", [](int number) { return number; }, {"number"});
        stage_.registry.method("bad", [] { return Reply<int>::failure("no", 3); });
        series_ = table_.listener_series({"good", "bad"}, {});
        stage_.serve({.series = &series_});
    }

    metrics::CallSeriesTable table_;
    metrics::ListenerSeries series_;
    Stage stage_;
};

TEST_F(DispatcherSeries, count_each_call_with_its_outcome_under_its_method) {
    stage_.call("a", "good", Dynamic::map({{"number", 1}}));
    stage_.call("b", "good", Dynamic::map({{"number", "x"}}));
    stage_.call("c", "bad", {});
    stage_.call("d", "none_of_ours", {});
    stage_.call("e", "none_of_ours_either", {});
    stage_.run();
    EXPECT_EQ(series_.of("good").successes(), 1U);
    EXPECT_EQ(series_.of("good").failures(Code::invalid_request), 1U);
    EXPECT_EQ(series_.of("bad").successes(), 0U);
    EXPECT_EQ(series_.of("bad").failures(Code::failed), 1U);
    EXPECT_EQ(series_.unknown().failures(Code::no_such_method), 2U);
    EXPECT_EQ(table_.all().size(), 3U) << "who asks for methods makes no series";
}

TEST_F(DispatcherSeries, count_what_is_no_call) {
    stage_.dispatcher.refuse(std::make_unique<TestCall>("a", stage_.outcomes),
                             {.code = Code::unauthenticated, .message = "no"}, *stage_.listener);
    EXPECT_EQ(series_.unknown().failures(Code::unauthenticated), 1U);
}

TEST_F(DispatcherSeries, time_a_call_from_its_arrival_to_its_answer) {
    stage_.call("a", "good", Dynamic::map({{"number", 1}}));
    stage_.executor.advance(40ms);
    stage_.run();
    EXPECT_DOUBLE_EQ(series_.of("good").durations().sum_seconds(), 0.04);
}

TEST_F(DispatcherSeries, sum_up_the_bytes_of_requests) {
    auto server_call = std::make_unique<TestCall>("a", stage_.outcomes);
    server_call->request_bytes = 123;
    stage_.dispatcher.refuse(std::move(server_call), {.code = Code::overloaded, .message = "no"},
                             *stage_.listener);
    EXPECT_EQ(series_.unknown().request_bytes(), 123U);
}

}  // namespace
}  // namespace warren::runtime::test
