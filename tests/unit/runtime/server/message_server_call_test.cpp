#include "runtime/server/message_server_call.hpp"

#include "protocol/cyberfusion.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace warren::runtime::test {
namespace {

struct Finished {
    std::unique_ptr<MessageServerCall> call;
    std::size_t arena_bytes_before = 0;
};

/// A failure that is told by headers, too, of a request that took this many values.
Finished finish(std::size_t values) {
    Stage stage;
    stage.serve();
    const auto protocol = protocol::make_cyberfusion_protocol();
    const auto completions = std::make_shared<CompletionQueue>(stage.executor, [] {});
    auto call = std::make_unique<MessageServerCall>(*protocol, completions,
                                                    core::Limits{}.body_bytes_max, 0);
    call->address = {.exchange = "method", .reply_to = "caller", .correlation_id = "1"};
    static_cast<void>(call->arena.array<Value>(values));
    const std::size_t before = call->arena.capacity_bytes();
    const Value note = Value::text(call->arena.copy("Nobody home"));
    stage.dispatcher.refuse(std::move(call),
                            {.code = Code::failed, .message = std::string{note.as_text()}},
                            *stage.listener);
    stage.run();
    Finished finished{.arena_bytes_before = before};
    completions->take_all([&](std::unique_ptr<CompletionEntry> entry) {
        finished.call.reset(static_cast<MessageServerCall*>(entry.release()));
    });
    completions->close();
    return finished;
}

TEST(MessageServerCall, KeepsItsReplyAndNotTheMemoryOfABigRequest) {
    constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
    const Finished big = finish(100'000);
    ASSERT_GT(big.arena_bytes_before, kept_bytes_max);
    EXPECT_LE(big.call->arena.capacity_bytes(), kept_bytes_max);
    const Finished small = finish(10);
    EXPECT_GE(small.call->arena.capacity_bytes(), small.arena_bytes_before);
    for (const Finished* each : {&big, &small}) {
        ASSERT_TRUE(each->call->reply);
        EXPECT_EQ(each->call->reply->routing_key, "caller");
        EXPECT_EQ(each->call->reply->headers.find("warren-code")->as_text(), "failed");
        EXPECT_EQ(each->call->reply->headers.find("warren-message")->as_text(), "Nobody home");
        EXPECT_TRUE(protocol::text_of(each->call->reply->body).contains("Nobody home"));
    }
}

}  // namespace
}  // namespace warren::runtime::test
