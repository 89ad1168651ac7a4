#include "endpoint/proxy/buffered_forwarder.hpp"

#include "support/temporary_directory.hpp"
#include "transport/memory/virtual_executor.hpp"
#include "unit/endpoint/proxy/forward_sink.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <vector>

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;  // with what hangs; no measurement

struct Attempt {
    std::string method;
    std::string argument;
    std::string key;
    std::string traceparent;
    std::uint32_t attempt = 0;
    bool wants_response = false;
    std::optional<std::chrono::milliseconds> time_left;
};

/// The other side: keeps each attempt, and answers when it is told to or as it was told before.
class OtherSide final : public runtime::Forwarder {
public:
    /// Answers each attempt at once: with these failures first, one after the other, then success.
    void respond_at_once(std::vector<Code> failures = {}) {
        const std::lock_guard lock{mutex_};
        responses_ = true;
        failures_ = {failures.begin(), failures.end()};
    }

    void forward(const runtime::ForwardedCall& call,
                 std::unique_ptr<runtime::ForwardSink> completion) override {
        std::unique_lock lock{mutex_};
        attempts_.push_back({.method = std::string{call.method},
                             .argument = call.arguments.is_text()
                                             ? std::string{call.arguments.as_text()}
                                             : std::string{},
                             .key = std::string{call.metadata.idempotency_key},
                             .traceparent = std::string{call.metadata.traceparent},
                             .attempt = call.metadata.attempt,
                             .wants_response = call.wants_response,
                             .time_left = call.metadata.time_left});
        changed_.notify_all();
        if (responses_) {
            auto outcome = next_outcome();
            lock.unlock();
            return completion->end(std::move(outcome));
        }
        waiting_ = std::move(completion);
        lock.unlock();
        stop_.emplace(sends_ ? call.stop : call.stop_unsent, [this] { response(Code::cancelled); });
    }

    /// Send no attempt from now on.
    void hold_unsent() {
        const std::lock_guard lock{mutex_};
        sends_ = false;
    }

    /// Answer the one that waits.
    void response(std::optional<Code> failure = {}) {
        std::unique_ptr<runtime::ForwardSink> completion;
        {
            const std::lock_guard lock{mutex_};
            completion = std::exchange(waiting_, nullptr);
        }
        if (completion) {
            completion->end(outcome_of(failure));
        }
    }
    /// Drop it without a response.
    void drop() {
        const std::lock_guard lock{mutex_};
        waiting_ = nullptr;
    }

    /// out  the attempts so far, once there are so many
    std::vector<Attempt> await(std::size_t count) {
        std::unique_lock lock{mutex_};
        EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return attempts_.size() >= count; }));
        return attempts_;
    }

private:
    using Outcome = std::expected<runtime::ForwardedResponse, Failure>;

    static Outcome outcome_of(std::optional<Code> failure) {
        if (failure) {
            return std::unexpected{Failure{.code = *failure, .message = "as told"}};
        }
        return runtime::ForwardedResponse{.message = "OK"};
    }
    Outcome next_outcome() {
        if (failures_.empty()) {
            return outcome_of({});
        }
        const Code code = failures_.front();
        failures_.pop_front();
        return outcome_of(code);
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Attempt> attempts_;
    std::deque<Code> failures_;
    bool responses_ = false;
    bool sends_ = true;
    std::unique_ptr<runtime::ForwardSink> waiting_;
    std::optional<std::stop_callback<std::function<void()>>> stop_;
};

class BufferedForwarders : public testing::Test {
protected:
    /// A process: what was accepted before stays on the disk.
    void start(store::DurableQueueOptions options = {}) {
        forwarder_.reset();
        other_ = std::make_unique<OtherSide>();
        options.file.path = file();
        auto queue = store::DurableQueue::open(std::move(options));
        if (!queue) {
            throw Error{queue.error()};
        }
        identity_ = (*queue)->identity();
        forwarder_ = std::make_unique<BufferedForwarder>(
            std::move(*queue), *other_, clock_,
            BufferedForwarderOptions{.name = "orders",
                                     .backoff = {.first = 1ms, .max = 1ms},
                                     .names_calls = names_calls});
    }
    void end() { forwarder_.reset(); }
    bool names_calls = true;

    using Outcome = std::expected<std::string, Failure>;

    /// out  the message of the success
    Outcome forward(const runtime::ForwardedCall& call) {
        std::promise<Outcome> promise;
        forwarder_->forward(call, on_end([&promise](auto outcome) {
                                promise.set_value(outcome ? Outcome{std::string{outcome->message}}
                                                          : std::unexpected{outcome.error()});
                            }));
        return promise.get_future().get();
    }
    Outcome forward(std::string_view argument) {
        return forward({.method = "put",
                        .style = model::ArgumentStyle::bare,
                        .arguments = Value::text(argument),
                        .metadata = {.time_left = 5ms}});
    }

    /// Until the figures are as they should be; they change when another thread gets there.
    template <typename Condition>
    metrics::BufferFigures await_figures(Condition condition) {
        const auto until = std::chrono::steady_clock::now() + patience;
        auto figures = forwarder_->figures();
        while (!condition(figures) && std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();
            figures = forwarder_->figures();
        }
        EXPECT_TRUE(condition(figures));
        return figures;
    }
    void await_empty() {
        await_figures([](const auto& figures) { return figures.entries == 0; });
    }

    OtherSide& other() { return *other_; }
    BufferedForwarder& forwarder() { return *forwarder_; }
    transport::VirtualExecutor& clock() { return clock_; }
    const std::string& identity() const { return identity_; }
    std::string file() const { return directory_.file("buffer"); }

private:
    test::TemporaryDirectory directory_;
    transport::VirtualExecutor clock_;
    std::unique_ptr<OtherSide> other_;
    std::string identity_;
    std::unique_ptr<BufferedForwarder> forwarder_;
};

TEST_F(BufferedForwarders, AcceptWhileTheOtherSideDoesNotAnswer) {
    start();
    EXPECT_EQ(forward("a"), "accepted");
    EXPECT_EQ(forward("b"), "accepted");
    const auto attempts = other().await(1);
    ASSERT_EQ(attempts.size(), 1U);  // one at a time
    EXPECT_EQ(attempts[0].method, "put");
    EXPECT_EQ(attempts[0].argument, "a");
    EXPECT_EQ(attempts[0].attempt, 1U);
    EXPECT_TRUE(attempts[0].wants_response);
    EXPECT_FALSE(attempts[0].time_left);  // that was its caller's
    const auto figures = forwarder().figures();
    EXPECT_EQ(figures.proxy, "orders");
    EXPECT_EQ(figures.entries, 2U);
    EXPECT_GT(figures.bytes, 0U);
}

TEST_F(BufferedForwarders, TakeCallsOnInOrder) {
    start();
    other().respond_at_once();
    constexpr std::size_t count = 200;  // more than are read at once
    for (std::size_t i = 0; i < count; ++i) {
        forwarder().forward({.method = "put",
                             .style = model::ArgumentStyle::bare,
                             .arguments = Value::text(std::to_string(i))},
                            on_end([](const auto& outcome) { EXPECT_TRUE(outcome); }));
    }
    const auto attempts = other().await(count);
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(attempts[i].argument, std::to_string(i));
    }
    await_empty();
    EXPECT_EQ(forwarder().figures().forwarded, count);
    EXPECT_EQ(forwarder().figures().oldest_age, 0ms);
}

TEST_F(BufferedForwarders, TryAgainUnderOneKeyUntilItGetsThrough) {
    start();
    other().respond_at_once({Code::no_responder, Code::connection_lost, Code::deadline_exceeded,
                             Code::overloaded, Code::broker_blocked, Code::expired_in_queue,
                             Code::unauthenticated, Code::permission_denied, Code::cancelled});
    ASSERT_TRUE(forward("a"));
    const auto attempts = other().await(10);
    for (const Attempt& attempt : attempts) {
        EXPECT_EQ(attempt.argument, "a");
        EXPECT_EQ(attempt.key, identity() + "-1");
    }
    EXPECT_EQ(attempts[1].attempt, 1U);  // nobody was there
    EXPECT_EQ(attempts[2].attempt, 2U);  // it may have been handled
    await_empty();
    EXPECT_EQ(forwarder().figures().retries, 9U);
    EXPECT_EQ(forwarder().figures().failed, 0U);
}

TEST_F(BufferedForwarders, KeepTheKeyAndTheTraceOfTheCaller) {
    start();
    ASSERT_TRUE(forward(
        {.method = "put", .metadata = {.idempotency_key = "order 7", .traceparent = "00-1"}}));
    EXPECT_EQ(other().await(1)[0].key, "order 7");
    EXPECT_EQ(other().await(1)[0].traceparent, "00-1");
}

TEST_F(BufferedForwarders, NameNoCallsOfServersThatMayBeAnybodys) {
    names_calls = false;
    start();
    other().respond_at_once({});
    ASSERT_TRUE(forward("a"));
    ASSERT_TRUE(forward({.method = "put", .metadata = {.idempotency_key = "order 7"}}));
    const auto attempts = other().await(2);
    EXPECT_EQ(attempts[0].key, "");
    EXPECT_EQ(attempts[1].key, "order 7");
}

TEST_F(BufferedForwarders, GiveUpWhatIsRefusedForGoodAndGoOn) {
    const std::vector<Code> refusals{Code::invalid_request, Code::no_such_method,
                                     Code::failed,          Code::internal,
                                     Code::conflict,        Code::contract_mismatch};
    start();
    other().respond_at_once(refusals);
    for (std::size_t i = 0; i <= refusals.size(); ++i) {
        ASSERT_TRUE(forward(std::to_string(i)));
    }
    EXPECT_EQ(other().await(refusals.size() + 1).back().argument, std::to_string(refusals.size()));
    await_empty();
    const auto figures = forwarder().figures();
    EXPECT_EQ(figures.failed, refusals.size());
    EXPECT_EQ(figures.failed_entries, refusals.size());
    EXPECT_EQ(figures.forwarded, 1U);
    EXPECT_EQ(figures.retries, 0U);
    end();
    auto queue = store::QueueFile::open({.path = file()});
    const auto failed = queue->failed_after(0);
    ASSERT_EQ(failed->size(), refusals.size());
    EXPECT_EQ(failed->front().reason, "invalid_request: as told");
    EXPECT_GT(failed->front().failed_at_ms, 0);
}

TEST_F(BufferedForwarders, GoOnAfterARestartUnderTheSameKeys) {
    start();
    ASSERT_TRUE(forward("a"));
    ASSERT_TRUE(forward("b"));
    other().await(1);
    start();
    const std::string first_key = other().await(1)[0].key;
    EXPECT_EQ(first_key, identity() + "-1");
    EXPECT_EQ(other().await(1)[0].attempt, 2U);  // it was out when the process ended
    ASSERT_TRUE(forward("c"));
    other().response();
    EXPECT_EQ(other().await(2)[1].argument, "b");
    other().response();
    EXPECT_EQ(other().await(3)[2].argument, "c");
    EXPECT_EQ(other().await(3)[2].key, identity() + "-3");
    EXPECT_EQ(other().await(3)[2].attempt, 1U);
    other().response();
    await_empty();
    start();
    EXPECT_EQ(forwarder().figures().entries, 0U);
}

TEST_F(BufferedForwarders, KnowHowOldTheOldestIsAfterARestart) {
    start();
    ASSERT_TRUE(forward("a"));
    end();
    clock().advance(7s);
    start();
    other().await(1);
    await_figures([](const auto& figures) { return figures.oldest_age == 7s; });
}

TEST_F(BufferedForwarders, TakeADroppedCallForOneToSendAgain) {
    start();
    ASSERT_TRUE(forward("a"));
    other().await(1);
    other().drop();
    EXPECT_EQ(other().await(2)[1].argument, "a");
}

TEST_F(BufferedForwarders, RefuseWhatIsOverTheLimit) {
    start({.entries_max = 1});
    ASSERT_TRUE(forward("a"));
    const auto refused = forward("b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::overloaded);
    EXPECT_TRUE(refused.error().retry_after);
    EXPECT_NE(refused.error().message.find("entries_max is 1"), std::string::npos);
    other().await(1);
    other().response();
    await_empty();
    EXPECT_TRUE(forward("b"));
}

TEST_F(BufferedForwarders, RefuseWhatTheDiskHasNoRoomFor) {
    start({.file = {.pages_max = 16}});
    const std::string large(4'000, 'x');
    std::size_t accepted = 0;
    auto outcome = forward(large);
    for (; outcome && accepted < 16; outcome = forward(large)) {
        ++accepted;
    }
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::overloaded);
    other().respond_at_once();
    other().response();  // the one that was out by then
    await_empty();
    EXPECT_EQ(other().await(accepted).size(), accepted);
    EXPECT_TRUE(forward(large));
}

TEST_F(BufferedForwarders, RefuseWhatCannotBeWritten) {
    start();
    EXPECT_EQ(forward("\xff").error().code, Code::invalid_request);
    EXPECT_EQ(forwarder().figures().entries, 0U);
}

TEST_F(BufferedForwarders, GiveUpAnEntryThatIsNoCall) {
    {
        auto file_of_another = store::QueueFile::open({.path = file()});
        ASSERT_TRUE(file_of_another->begin());
        ASSERT_TRUE(file_of_another->append("no call"));
        ASSERT_TRUE(file_of_another->commit());
    }
    start();
    other().respond_at_once();
    ASSERT_TRUE(forward("a"));
    EXPECT_EQ(other().await(1)[0].argument, "a");
    EXPECT_EQ(await_figures([](const auto& figures) { return figures.entries == 0; }).failed, 1U);
}

TEST_F(BufferedForwarders, WaitForTheCallThatIsOutWhenTheyStop) {
    start();
    ASSERT_TRUE(forward("a"));
    ASSERT_TRUE(forward("b"));
    other().await(1);
    auto stopped = std::async(std::launch::async, [this] { forwarder().stop(patience); });
    other().respond_at_once();
    other().response();
    stopped.wait();
    // Whether the second one was begun or not, none was cut off and none goes twice.
    const std::size_t sent = other().await(1).size();
    EXPECT_EQ(forwarder().figures().forwarded, sent);
    start();
    other().respond_at_once();
    other().response();
    await_empty();
    EXPECT_EQ(other().await(2 - sent).size(), 2 - sent);
}

TEST_F(BufferedForwarders, DoNotWaitForAnotherSideThatIsAway) {
    start();
    ASSERT_TRUE(forward("a"));
    other().await(1);
    other().response(Code::no_responder);
    other().await(2);
    forwarder().stop(std::chrono::hours{1});
    start();
    EXPECT_EQ(other().await(1)[0].argument, "a");
}

TEST_F(BufferedForwarders, DoNotWaitForACallThatWasNotSent) {
    start();
    other().hold_unsent();
    ASSERT_TRUE(forward("a"));
    other().await(1);
    forwarder().stop(std::chrono::hours{1});
    start();
    EXPECT_EQ(other().await(1)[0].argument, "a");
}

}  // namespace
}  // namespace warren::endpoint
