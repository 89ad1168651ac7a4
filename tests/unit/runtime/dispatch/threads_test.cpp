#include <warren/model.hpp>

#include "runtime/server/message_server.hpp"
#include "transport/memory/hub.hpp"
#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>

// The same with real threads: what is checked here is mostly what a thread sanitizer sees.
namespace warren::runtime::test {

struct Numbered {
    int number;
    int lock;
};
WARREN_MODEL(Numbered, (number), (lock))

namespace {

/// Run on the I/O thread and wait.
void on_io(transport::MemoryHub& hub, const std::function<void()>& function) {
    std::promise<void> done;
    hub.executor.post([&] {
        function();
        done.set_value();
    });
    done.get_future().wait();
}

/// Answers of many calls, until as many came as are awaited.
class Collector final : public ClientSink {
public:
    void on_ready(std::string_view reply_address) override {
        reply_to = reply_address;
        ready.set_value();
    }
    void on_reply(const protocol::MessageView& reply) override {
        const std::lock_guard guard{mutex_};
        ++replies_[std::string{reply.correlation_id}];
        changed_.notify_all();
    }
    void on_accepted(std::uint64_t) override {}
    void on_returned(std::uint64_t, const Failure&) override { ADD_FAILURE(); }
    void on_refused(std::uint64_t, const Failure&) override { ADD_FAILURE(); }
    void on_dropped(std::uint64_t) override { ADD_FAILURE(); }
    void on_bound(std::uint64_t, const Failure* refused) override { EXPECT_EQ(refused, nullptr); }
    void on_lost(const Failure&, RepliesSurvive) override {}
    void on_failed(const Failure&) override {}
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}

    void wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return replies_.size() >= count; });
    }

    std::promise<void> ready;
    std::string reply_to;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> replies_;
};

TEST(Threads, ManyCallsWithLocksWhileTheConnectionBreaks) {
    constexpr int calls = 2000;
    constexpr int locks = 7;
    const auto hub = transport::memory_hub("threads_test");
    const auto protocol = protocol::make_cyberfusion_protocol();
    const SystemClock clock;
    RecordingLog log;
    Registry registry;
    std::array<std::atomic<int>, calls> runs{};
    std::array<std::atomic<int>, locks> holders{};
    registry
        .method("work",
                [&](const Numbered& given) {
                    EXPECT_EQ(holders[given.lock].fetch_add(1), 0) << "two hold one lock";
                    ++runs[given.number];
                    holders[given.lock].fetch_sub(1);
                    return given.number;
                })
        .lock_on(&Numbered::lock);

    ThreadWorkers workers{{.threads = 4}};
    Dispatcher dispatcher{workers, clock, log};
    std::shared_ptr<transport::MemoryServerTransport> transport;
    std::unique_ptr<MessageServer> server;
    Collector collector;
    std::shared_ptr<transport::MemoryClientTransport> client;
    std::promise<void> consuming;
    on_io(*hub, [&] {
        transport = transport::make_memory_server_transport(
            hub->broker,
            transport::MemoryServerOptions{
                .topology = protocol->server_topology({.server = "queue", .methods = {"work"}}),
                .queue = "queue",
                .prefetch = 32,
                .reconnect_delay = 1ms});
        MessageServerOptions options{.listener = {.methods = registry.all(), .name = "listener"},
                                     .in_flight_max = 32};
        options.on_consuming = [&, told = false]() mutable {
            if (!std::exchange(told, true)) {
                consuming.set_value();
            }
        };
        server = std::make_unique<MessageServer>(*protocol, *transport, dispatcher, log,
                                                 std::move(options));
        transport->start(*server);
        client = transport::make_memory_client_transport(hub->broker);
        client->start(collector);
    });
    consuming.get_future().wait();
    collector.ready.get_future().wait();
    on_io(*hub, [&] { client->bind_replies(0, protocol->reply_bindings("work")); });

    for (int number = 0; number < calls; ++number) {
        on_io(*hub, [&] {
            const std::string id = std::to_string(number);
            const std::string body =
                "{\"number\":" + id + ",\"lock\":" + std::to_string(number % locks) + "}";
            client->publish(static_cast<std::uint64_t>(number), {.exchange = "work",
                                                                 .routing_key = "queue",
                                                                 .content_type = "application/json",
                                                                 .correlation_id = id,
                                                                 .reply_to = collector.reply_to,
                                                                 .expiration = "600000",
                                                                 .body = protocol::bytes_of(body)});
            if (number % 200 == 100) {
                transport->close({.code = Code::connection_lost, .message = "cut by the test"});
            }
        });
    }
    collector.wait_for(calls);
    for (int number = 0; number < calls; ++number) {
        EXPECT_EQ(runs[number], 1) << number;
    }

    std::promise<void> drained;
    on_io(*hub, [&] { server->drain([&] { drained.set_value(); }); });
    drained.get_future().wait();
    workers.stop();
    EXPECT_EQ(dispatcher.in_flight(), 0U);
    EXPECT_EQ(dispatcher.locks().size(), 0U);
    on_io(*hub, [&] {
        EXPECT_EQ(hub->broker.ready("queue") + hub->broker.outstanding("queue"), 0U);
        server.reset();
        transport.reset();
        client.reset();
    });
}

TEST(Threads, DeadlinesAndCancellationReachRunningHandlers) {
    const auto hub = transport::memory_hub("threads_test_stop");
    const SystemClock clock;
    RecordingLog log;
    Registry registry;
    registry.method("wait",
                    [](int, Context& context) {
                        std::mutex mutex;
                        std::condition_variable_any changed;
                        std::unique_lock lock{mutex};
                        changed.wait(lock, context.stop, [] { return false; });
                        throw Error{Code::cancelled, "stopped"};
                    },
                    {"number"});

    class Waiting final : public ServerCall {
    public:
        explicit Waiting(std::promise<std::optional<Code>>& done) : done_{done} {}
        void finished(std::unique_ptr<ServerCall> self, At) noexcept override {
            done_.set_value(self->response().failure);
        }

    private:
        std::promise<std::optional<Code>>& done_;
    };

    ThreadWorkers workers{{.threads = 2}};
    Dispatcher dispatcher{workers, clock, log};
    std::unique_ptr<ListenerContext> listener;
    const Dynamic arguments = Dynamic::map({{"number", 1}});
    const auto call = [&](std::promise<std::optional<Code>>& done,
                          std::optional<std::chrono::milliseconds> time_left) {
        on_io(*hub, [&] {
            dispatcher.dispatch(std::make_unique<Waiting>(done),
                                {.method = "wait",
                                 .arguments = arguments.value(),
                                 .metadata = {.time_left = time_left}},
                                *listener);
        });
    };
    on_io(*hub, [&] {
        listener = std::make_unique<ListenerContext>(
            dispatcher, hub->executor, ListenerContextOptions{.methods = registry.all()});
    });
    std::promise<std::optional<Code>> timed;
    call(timed, 50ms);
    // Whether it was stopped in the handler or had no time to begin, the deadline ended it.
    const std::optional<Code> ended = timed.get_future().get();
    EXPECT_TRUE(ended == Code::cancelled || ended == Code::expired_in_queue);

    std::promise<std::optional<Code>> cancelled;
    call(cancelled, std::nullopt);
    dispatcher.cancel_all();
    const std::optional<Code> stopped = cancelled.get_future().get();
    EXPECT_TRUE(stopped == Code::cancelled || stopped == Code::overloaded);
    workers.stop();
    on_io(*hub, [&] { listener.reset(); });
}

}  // namespace
}  // namespace warren::runtime::test
