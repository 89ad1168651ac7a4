#include "endpoint/proxy/client_forwarder.hpp"

#include "unit/endpoint/proxy/forward_sink.hpp"

#include <gtest/gtest.h>

#include <future>

// What a forwarder makes of the time that its callers have left.
namespace warren::endpoint {
namespace {

using std::chrono::milliseconds;

/// How a call with so much time left fails where nobody answers.
Failure failure_after(milliseconds left) {
    ClientForwarder forwarder{parse_address("tcp://127.0.0.1:1").value(), {}};
    std::promise<Failure> failed;
    forwarder.forward({.method = "work", .metadata = {.time_left = left}},
                      on_end([&](ForwardOutcome outcome) {
                          failed.set_value(outcome ? Failure{} : std::move(outcome.error()));
                      }));
    return failed.get_future().get();
}

TEST(ClientForwarder, GivesOnLessTimeThanItGetsDownToNone) {
    for (const int left : {-5, 0, 1}) {
        const Failure failure = failure_after(milliseconds{left});
        EXPECT_EQ(failure.code, Code::expired_in_queue) << left;
        EXPECT_TRUE(failure.message.contains("time was over")) << failure.message;
    }
    const Failure failure = failure_after(milliseconds{9});
    EXPECT_EQ(failure.code, Code::no_responder);
    EXPECT_TRUE(failure.message.contains("8ms")) << failure.message;
}

}  // namespace
}  // namespace warren::endpoint
