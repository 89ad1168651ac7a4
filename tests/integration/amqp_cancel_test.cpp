#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Calls over RabbitMQ that nobody waits for any more, and what their handlers hear.
namespace warren::test {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

const Dynamic nothing = Dynamic::map({});

using Result = std::expected<Dynamic, Failure>;

std::future<Result> start(Client& client, std::string_view method, CallOptions options = {}) {
    auto promise = std::make_shared<std::promise<Result>>();
    client.start_call(
        method, nothing, [promise](Result result) { promise->set_value(std::move(result)); },
        std::move(options));
    return promise->get_future();
}

/// Handlers that wait to be told to stop, and others that wait for the test.
class Handlers : public Watched {
public:
    void register_at(Server& server) {
        server.method("heed", [this](Context& context) { heed(context.stop); });
        server.method("hold", [this] { hold(); });
        server.method("hello", [] { return 1; }).run_on_io_thread();
    }
    bool await_started(int count) {
        return await([&] { return started_ >= count; });
    }
    bool await_stopped(int count) {
        return await([&] { return stopped_ >= count; });
    }
    void let_go() {
        change([&] { is_open_ = true; });
    }
    int started() {
        int count = 0;
        change([&] { count = started_; });
        return count;
    }
    /// When the last handler that was stopped heard of it.
    steady_clock::time_point stopped_at() {
        steady_clock::time_point at;
        change([&] { at = stopped_at_; });
        return at;
    }

private:
    void heed(std::stop_token stop) {
        std::promise<void> told;
        const std::stop_callback on_stop{std::move(stop), [&] { told.set_value(); }};
        change([&] { ++started_; });
        told.get_future().wait();
        change([&] {
            stopped_at_ = steady_clock::now();
            ++stopped_;
        });
    }
    void hold() {
        change([&] { ++started_; });
        await([&] { return is_open_; });
    }

    int started_ = 0;
    int stopped_ = 0;
    bool is_open_ = false;
    steady_clock::time_point stopped_at_{};
};

void serve(Server& server) {
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
}

/// A server of one queue.
struct Cancellable {
    explicit Cancellable(ListenerOptions listener, ServerOptions options = {})
        : server{std::move(options)} {
        handlers.register_at(server);
        server.listen(std::move(listener));
        serve(server);
        // The queue that cancellations come by is another one than its requests'.
        EXPECT_TRUE(eventually([] {
            return RabbitMq::shared().evaluate(
                       "length([X || {binding, _, _, {resource, _, queue, X}, _} <- "
                       "rabbit_binding:list_for_source({resource, <<\"" +
                       RabbitMq::shared().vhost() + "\">>, exchange, <<\"amq.direct\">>})])") !=
                   "0";
        }));
    }
    ~Cancellable() {
        handlers.let_go();
        server.stop_now(30s);
    }

    Handlers handlers;
    Server server;
};

ListenerOptions listener_of(const std::string& protocol, const std::string& queue,
                            std::string uri = RabbitMq::shared().uri()) {
    ListenerOptions listener{.url = std::move(uri), .protocol = protocol};
    if (protocol == "tutorial") {
        listener.methods = {"heed"};
    }
    (protocol == "callme" ? listener.callme.server_id : listener.queue.name) = queue;
    listener.callme.threaded = protocol == "callme";
    return listener;
}

std::string address_of(const std::string& protocol, const std::string& queue,
                       const std::string& more = {}) {
    return RabbitMq::shared().uri() + "?protocol=" + protocol +
           (protocol == "callme" ? "&server_id=" : "&queue=") + queue + more;
}

TEST(AmqpCancel, ReachesAHandlerByEveryProtocolAndKindOfReply) {
    std::string told;
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        const std::string queue = "cancel_" + protocol;
        Cancellable served{listener_of(protocol, queue)};
        int calls = 0;
        const std::vector<std::string> replies =
            protocol == "callme"
                ? std::vector<std::string>{""}
                : std::vector<std::string>{"&reply=exclusive", "&reply=direct", "&reply=durable"};
        for (const std::string& reply : replies) {
            SCOPED_TRACE(protocol + reply);
            auto client = std::make_unique<Client>(address_of(protocol, queue, reply));
            std::stop_source stop;
            auto cancelled = start(*client, "heed", {.stop = stop.get_token()});
            ASSERT_TRUE(served.handlers.await_started(++calls));
            const auto asked = steady_clock::now();
            stop.request_stop();
            ASSERT_TRUE(served.handlers.await_stopped(calls));
            const std::chrono::duration<double, std::milli> took =
                served.handlers.stopped_at() - asked;
            told += protocol + reply + " " + std::to_string(took.count()) + " ms\n";
            EXPECT_EQ(cancelled.get().error().code, Code::cancelled);

            auto left = start(*client, "heed");
            ASSERT_TRUE(served.handlers.await_started(++calls));
            client.reset();
            ASSERT_TRUE(served.handlers.await_stopped(calls));
            EXPECT_EQ(left.get().error().code, Code::cancelled);
        }
    }
    std::printf("from the caller's stop to the handler's:\n%s", told.c_str());
}

TEST(AmqpCancel, WhatWaitsInTheBrokersQueueDoesNotStart) {
    constexpr int many = 1'000;
    ListenerOptions listener = listener_of("cyberfusion", "cancel_waiting");
    listener.max_simultaneous_requests = 2;
    Cancellable served{std::move(listener)};
    Client client{address_of("cyberfusion", "cancel_waiting")};
    auto first = start(client, "hold");
    std::stop_source last;
    auto witness = start(client, "heed", {.stop = last.get_token()});
    ASSERT_TRUE(served.handlers.await_started(2));
    std::stop_source stop;
    std::vector<std::future<Result>> waiting;
    for (int call = 0; call < many; ++call) {
        waiting.push_back(start(client, "hold", {.stop = stop.get_token()}));
    }
    ASSERT_TRUE(
        eventually([] { return RabbitMq::shared().queue_depth("cancel_waiting").ready == many; }));
    stop.request_stop();
    for (std::future<Result>& call : waiting) {
        ASSERT_EQ(call.get().error().code, Code::cancelled);
    }
    // What the server hears of this one it heard of all before.
    last.request_stop();
    ASSERT_TRUE(served.handlers.await_stopped(1));
    served.handlers.let_go();
    EXPECT_TRUE(first.get());
    EXPECT_EQ(start(client, "hello").get(), Dynamic{1});
    EXPECT_EQ(served.handlers.started(), 2);
    EXPECT_TRUE(eventually([] {
        const auto depth = RabbitMq::shared().queue_depth("cancel_waiting");
        return depth.ready + depth.unacknowledged == 0;
    }));
}

TEST(AmqpCancel, AThousandTakeNoPlaceOfTheNextThousand) {
    constexpr int many = 1'000;
    constexpr int workers = 2;
    ListenerOptions listener = listener_of("cyberfusion", "cancel_many");
    listener.max_simultaneous_requests = many;
    Cancellable served{std::move(listener), {.workers = workers}};
    Client client{address_of("cyberfusion", "cancel_many")};
    std::stop_source stop;
    std::vector<std::future<Result>> blocked;
    for (int call = 0; call < many; ++call) {
        blocked.push_back(start(client, "hold", {.stop = stop.get_token()}));
    }
    ASSERT_TRUE(served.handlers.await_started(workers));
    stop.request_stop();
    for (std::future<Result>& call : blocked) {
        EXPECT_EQ(call.get().error().code, Code::cancelled);
    }
    std::vector<std::future<Result>> next;
    for (int call = 0; call < many; ++call) {
        next.push_back(start(client, "hello"));
    }
    int failed = 0;
    for (std::future<Result>& call : next) {
        failed += call.get() ? 0 : 1;
    }
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(served.handlers.started(), workers);
}

TEST(AmqpCancel, ReachesAHandlerBehindProxies) {
    Cancellable served{listener_of("cyberfusion", "cancel_target")};
    Server proxy;
    ListenerOptions front = listener_of("cyberfusion", "cancel_front");
    front.methods = {"heed"};
    proxy.forward(front, {.to = address_of("cyberfusion", "cancel_target"), .name = "at broker"});
    proxy.forward({.url = "tcp://127.0.0.1:0"},
                  {.to = address_of("cyberfusion", "cancel_front"), .name = "from tcp"});
    serve(proxy);
    int calls = 0;
    for (const std::string& to :
         {address_of("cyberfusion", "cancel_front"), proxy.addresses().back()}) {
        SCOPED_TRACE(to);
        Client client{to};
        std::stop_source stop;
        auto call = start(client, "heed", {.stop = stop.get_token()});
        ASSERT_TRUE(served.handlers.await_started(++calls));
        stop.request_stop();
        EXPECT_TRUE(served.handlers.await_stopped(calls));
        EXPECT_EQ(call.get().error().code, Code::cancelled);
    }
    proxy.stop();
}

TEST(AmqpCancel, ReachesItsHandlerAfterConnectionsWereLost) {
    Cancellable served{listener_of("cyberfusion", "cancel_lost")};
    Client client{address_of("cyberfusion", "cancel_lost")};
    auto lost = start(client, "heed", {.timeout = 600s});
    ASSERT_TRUE(served.handlers.await_started(1));
    RabbitMq::shared().close_all_connections("by the test");
    EXPECT_EQ(lost.get().error().code, Code::connection_lost);
    EXPECT_TRUE(served.handlers.await_stopped(1));
}

/// Warnings of the log, which names no time.
class Warnings final : public Log, public Watched {
public:
    void write(LogLevel level, std::string_view line) override {
        if (level >= LogLevel::warning) {
            change([&] { lines_.emplace_back(line); });
        }
    }
    bool await_line(std::string_view part) {
        return await([&] {
            return std::ranges::any_of(lines_,
                                       [&](const auto& line) { return line.contains(part); });
        });
    }
    std::size_t size() {
        std::size_t count = 0;
        change([&] { count = lines_.size(); });
        return count;
    }

private:
    std::vector<std::string> lines_;
};

TEST(AmqpCancel, AServerWithoutThePermissionServesAndSaysSoOnce) {
    RabbitMq& broker = RabbitMq::shared();
    broker.add_user({"unable", "secret"}, {.read = "^cancel_unable$|^hello$"});
    const auto log = std::make_shared<Warnings>();
    Server server{{.log = log}};
    server.method("hello", [] { return 1; });
    server.listen(listener_of("cyberfusion", "cancel_unable", broker.uri({"unable", "secret"})));
    serve(server);
    EXPECT_TRUE(log->await_line("This server does not hear of cancelled calls (control_route)"));
    EXPECT_TRUE(log->await_line("lacks the permission"));
    Client client{address_of("cyberfusion", "cancel_unable")};
    EXPECT_EQ(client.call("hello", nothing), Dynamic{1});
    server.stop();
    EXPECT_EQ(log->size(), 1U);
}

TEST(AmqpCancel, NothingIsDeclaredWhereTheListenerSaysSo) {
    RabbitMq& broker = RabbitMq::shared();
    broker.add_user({"unasked", "secret"}, {.read = "^cancel_unasked$|^hello$"});
    const auto log = std::make_shared<Warnings>();
    Server server{{.log = log}};
    server.method("hello", [] { return 1; });
    ListenerOptions listener =
        listener_of("cyberfusion", "cancel_unasked", broker.uri({"unasked", "secret"}));
    listener.queue.control_route = false;
    server.listen(std::move(listener));
    serve(server);
    Client client{address_of("cyberfusion", "cancel_unasked")};
    EXPECT_EQ(client.call("hello", nothing), Dynamic{1});
    server.stop();
    EXPECT_EQ(log->size(), 0U);
}

TEST(AmqpCancel, AClientWithoutThePermissionCallsAndSaysSoOnce) {
    RabbitMq& broker = RabbitMq::shared();
    broker.add_user({"mute", "secret"}, {.write = "^(?!amq\\.direct).*$"});
    Cancellable served{listener_of("cyberfusion", "cancel_mute")};
    const auto log = std::make_shared<Warnings>();
    std::string address = broker.uri({"mute", "secret"}) + "?queue=cancel_mute";
    Client client{address, {.log = log}};
    for (int call = 1; call <= 2; ++call) {
        std::stop_source stop;
        auto cancelled = start(client, "heed", {.timeout = 2s, .stop = stop.get_token()});
        ASSERT_TRUE(served.handlers.await_started(call));
        stop.request_stop();
        EXPECT_EQ(cancelled.get().error().code, Code::cancelled);
        EXPECT_TRUE(log->await_line("Servers are not told which calls are cancelled"));
        EXPECT_EQ(client.call("hello", nothing), Dynamic{1});
    }
    EXPECT_TRUE(served.handlers.await_stopped(2)) << "by their deadlines";
    EXPECT_EQ(log->size(), 1U);
}

TEST(AmqpCancel, AServerThatIsAnothersIsToldNothing) {
    LoopThread loop;
    transport::AmqpServerOptions options = plain_queue("cancel_foreign");
    options.topology.bindings = {{.queue = "cancel_foreign",
                                  .exchange = "amq.direct",
                                  .routing_key = "warren.control.cancel_foreign"}};
    EchoServer server{loop, RabbitMq::shared().uri(), options};
    server.holds = true;
    ASSERT_TRUE(server.await_consuming());
    std::size_t messages = 0;
    for (const std::string peer : {"&peer=foreign", ""}) {
        Client client{address_of("tutorial", "cancel_foreign", peer)};
        std::stop_source stop;
        auto call = start(client, "any", {.stop = stop.get_token()});
        ++messages;
        ASSERT_TRUE(server.await([&] { return server.held_.size() == messages; }));
        stop.request_stop();
        EXPECT_EQ(call.get().error().code, Code::cancelled);
    }
    // What the first client sent would have come before.
    EXPECT_TRUE(server.await([&] { return server.held_.size() == messages + 1; }));
}

}  // namespace
}  // namespace warren::test
