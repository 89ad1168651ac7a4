#include "runtime/message_job.hpp"

#include "protocol/cyberfusion.hpp"
#include "unit/runtime/harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace warren::runtime::test {
namespace {

struct Finished {
    std::unique_ptr<MessageJob> job;
    std::size_t arena_bytes_before = 0;
};

/// A failure that is told by headers, too, of a request that took this many values.
Finished finish(std::size_t values) {
    Stage stage;
    stage.serve();
    const auto dialect = protocol::make_cyberfusion_dialect();
    const auto mailbox = std::make_shared<Mailbox>(stage.executor, [] {});
    auto job = std::make_unique<MessageJob>(*dialect, mailbox, core::Limits{}.body_bytes_max);
    job->address = {.exchange = "method", .reply_to = "caller", .correlation_id = "1"};
    static_cast<void>(job->arena.array<Value>(values));
    const std::size_t before = job->arena.capacity_bytes();
    const Value note = Value::text(job->arena.copy("Nobody home"));
    stage.dispatcher.refuse(std::move(job),
                            {.code = Code::failed, .message = std::string{note.as_text()}},
                            *stage.lane);
    stage.run();
    Finished finished{.arena_bytes_before = before};
    mailbox->take_all([&](std::unique_ptr<Mail> mail) {
        finished.job.reset(static_cast<MessageJob*>(mail.release()));
    });
    mailbox->close();
    return finished;
}

TEST(MessageJob, KeepsItsReplyAndNotTheMemoryOfABigRequest) {
    constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
    const Finished big = finish(100'000);
    ASSERT_GT(big.arena_bytes_before, kept_bytes_max);
    EXPECT_LE(big.job->arena.capacity_bytes(), kept_bytes_max);
    const Finished small = finish(10);
    EXPECT_GE(small.job->arena.capacity_bytes(), small.arena_bytes_before);
    for (const Finished* each : {&big, &small}) {
        ASSERT_TRUE(each->job->reply);
        EXPECT_EQ(each->job->reply->routing_key, "caller");
        EXPECT_EQ(each->job->reply->headers.find("warren-code")->as_text(), "failed");
        EXPECT_EQ(each->job->reply->headers.find("warren-message")->as_text(), "Nobody home");
        EXPECT_TRUE(protocol::text_of(each->job->reply->body).contains("Nobody home"));
    }
}

}  // namespace
}  // namespace warren::runtime::test
