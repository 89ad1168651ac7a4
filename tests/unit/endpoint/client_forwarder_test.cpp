#include "endpoint/client_forwarder.hpp"

#include <gtest/gtest.h>

#include <future>

// What a forwarder makes of the time that its callers have left.
namespace warren::endpoint {
namespace {

using std::chrono::milliseconds;

struct Failing final : runtime::ForwardedResponse {
    explicit Failing(std::promise<Failure>& where) : failed{where} {}

    void end(std::expected<runtime::ForwardedReply, Failure> outcome) noexcept override {
        failed.set_value(outcome ? Failure{} : std::move(outcome.error()));
    }

    std::promise<Failure>& failed;
};

/// How a call with so much time left fails where nobody answers.
Failure failure_after(milliseconds left) {
    ClientForwarder forwarder{parse_address("tcp://127.0.0.1:1").value(), {}};
    std::promise<Failure> failed;
    forwarder.forward({.method = "work", .metadata = {.time_left = left}},
                      std::make_unique<Failing>(failed));
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
