#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>

namespace warren::test {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const CallOptions all{.timeout = 60s,
                      .idempotency_key = "order 7",
                      .traceparent = trace,
                      .tracestate = "a=1",
                      .baggage = "b=2",
                      .contract = "c",
                      .priority = 3};

/// A server of one queue, whose method says what it knows of its call.
struct Told {
    explicit Told(const std::string& protocol) {
        server.method("tell", [this](Context& context) {
            deadline = context.deadline.value_or(steady_clock::time_point::max());
            std::string said;
            for (const std::string_view text :
                 {context.idempotency_key, context.traceparent, context.tracestate, context.baggage,
                  context.contract}) {
                said.append(text).append(" ");
            }
            return said + (context.priority ? std::to_string(*context.priority) : "-");
        });
        ListenerOptions listener{.url = RabbitMq::shared().uri(), .protocol = protocol};
        (protocol == "callme" ? listener.callme.server_id : listener.queue.name) =
            "told_" + protocol;
        listener.queue.durable = protocol != "callme" ? std::optional{true} : std::nullopt;
        server.listen(listener);
        server.on_ready([this] { ready.set_value(); });
        server.start();
        ready.get_future().wait();
    }

    std::atomic<steady_clock::time_point> deadline{steady_clock::time_point::max()};
    std::promise<void> ready;
    Server server;
};

std::string address(const std::string& protocol, const std::string& more = "") {
    return RabbitMq::shared().uri() + "?protocol=" + protocol +
           (protocol == "callme" ? "&server_id=" : "&queue=") + "told_" + protocol + more;
}

TEST(AmqpMetadata, ComesThroughTheBroker) {
    for (const char* const protocol : {"cyberfusion", "tutorial", "callme"}) {
        Told told{protocol};
        Client client{address(protocol)};
        EXPECT_EQ(client.call("tell", Dynamic::map({}), all),
                  Dynamic{"order 7 " + std::string{trace} + " a=1 b=2 c 3"})
            << protocol;
        const std::string nothing = std::string{protocol} == "callme" ? "     0" : "     -";
        EXPECT_EQ(client.call("tell", Dynamic::map({})), Dynamic{nothing}) << protocol;
        told.server.stop();
    }
}

TEST(AmqpMetadata, TheTimeInTheQueueIsTakenOff) {
    Told{"cyberfusion"}.server.stop();  // its queue stays
    for (const bool is_warren : {true, false}) {
        std::promise<std::expected<Dynamic, Failure>> outcome;
        Client client{address("cyberfusion", is_warren ? "&peer=warren" : ""),
                      {.when_absent = WhenAbsent::wait}};
        const auto called = steady_clock::now();
        client.start_call(
            "tell", Dynamic::map({}), [&](auto reply) { outcome.set_value(std::move(reply)); },
            all);
        ASSERT_TRUE(eventually(
            [&] { return RabbitMq::shared().queue_depth("told_cyberfusion").ready == 1; }));
        // It was sent at some time between, and waits for longer than that.
        const auto sent = steady_clock::now();
        ASSERT_TRUE(
            eventually([&] { return steady_clock::now() > sent + (sent - called) + 500ms; }));
        Told told{"cyberfusion"};
        const auto reply = outcome.get_future().get();
        ASSERT_TRUE(reply) << to_string(reply.error());
        // Its time goes from when it was sent, and not from when it was delivered.
        EXPECT_EQ(told.deadline.load() < sent + 60s + 250ms, is_warren);
        told.server.stop();
    }
}

}  // namespace
}  // namespace warren::test
