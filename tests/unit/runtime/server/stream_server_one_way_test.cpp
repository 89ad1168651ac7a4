#include "protocol/message_signing.hpp"
#include "protocol/nonce_memory.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Notifications where there is no room for them: nobody would hear of a refusal.
namespace warren::runtime::test::stream_server_one_way_test {

struct Served : ServedStream {
    Texts calls{};

    explicit Served(
        StreamServerOptions options = {},
        std::unique_ptr<protocol::StreamProtocol> spoken = protocol::make_msgpack_rpc_protocol())
        : ServedStream{std::move(spoken)} {
        const auto handler = [this](std::string name) { calls.push_back(std::move(name)); };
        stage.registry.method("work", handler, {"name"});
        stage.registry.method("echo", handler, {"name"}).run_on_io_thread();
        stage.registry.method("alone", handler, {"name"}).run_alone();
        serve(std::move(options));
    }

    void expect_all_ran(const Texts& names) {
        run();
        EXPECT_EQ(calls, names);
        EXPECT_EQ(server->in_flight(), 0U);
        EXPECT_EQ(stage.dispatcher.one_way_failures(), 0U);
    }
};

std::string request(int id, std::string_view name) {
    return packed(R"([0,)" + std::to_string(id) + R"(,"work",[")" + std::string{name} + R"("]])");
}

std::string notification(std::string_view name, std::string_view method = "work") {
    return packed(R"([2,")" + std::string{method} + R"(",[")" + std::string{name} + R"("]])");
}

bool is_overloaded(const std::string& text) {
    return text.find(R"("overloaded")") != std::string::npos;
}

Texts letters(char last) {
    Texts names;
    for (char letter = 'a'; letter <= last; ++letter) {
        names.emplace_back(1, letter);
    }
    return names;
}

std::vector<StreamServerOptions> each_limit() {
    std::vector<StreamServerOptions> each(4);
    each[0].limits.in_flight_per_connection_max = 2;
    each[1].limits.in_flight_max = 2;
    each[2].limits.in_flight_bytes_max = 2 * notification("a").size();
    each[3].limits.in_flight_bytes_per_connection_max = 2 * notification("a").size();
    return each;
}

TEST(StreamServerOneWay, WaitsAtEveryLimitUntilThereIsRoom) {
    for (StreamServerOptions& options : each_limit()) {
        Served served{std::move(options)};
        FakeConnection& peer = served.connect();
        std::string burst;
        for (const std::string& name : letters('z')) {
            burst += notification(name);
        }
        peer.receive(burst);
        EXPECT_EQ(served.server->in_flight(), 2U);
        EXPECT_TRUE(peer.is_paused());
        EXPECT_TRUE(peer.is_busy());
        served.expect_all_ran(letters('z'));
        EXPECT_FALSE(peer.is_paused());
        EXPECT_FALSE(peer.is_busy());
    }
}

TEST(StreamServerOneWay, IsTakenOneOverTheLimitWhereRequestsAreRefused) {
    Served served{{.limits = {.in_flight_per_connection_max = 2}}};
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "a") + request(2, "b") + request(3, "refused") + notification("c") +
                 request(4, "d") + notification("e"));
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_overloaded(refused[0])) << refused[0];
    EXPECT_EQ(served.server->in_flight(), 3U);
    EXPECT_EQ(peer.unread(), request(4, "d").size() + notification("e").size());
    served.expect_all_ran(letters('e'));
    EXPECT_EQ(peer.take_responses().size(), 3U);
}

TEST(StreamServerOneWay, EachConnectionHasItsTurnAtTheLimitOfAll) {
    Served served{{.limits = {.in_flight_max = 1}}};
    FakeConnection& first = served.connect();
    FakeConnection& second = served.connect();
    first.receive(notification("a") + notification("c") + notification("e"));
    second.receive(notification("b") + notification("d") + notification("f"));
    EXPECT_EQ(served.server->in_flight(), 2U) << "one over the limit for each that waits";
    served.expect_all_ran(letters('f'));
}

using Signer = std::shared_ptr<const protocol::MessageSigner>;

Signer make_signer() {
    const std::vector<std::string> secrets{"correct horse battery"};
    return protocol::MessageSigner::make(secrets).value();
}

/// A server that takes what is signed.
struct Trusting : Served {
    Signer signer;
    std::unique_ptr<protocol::StreamProtocol> client =
        protocol::make_msgpack_rpc_protocol({.signer = signer});

    explicit Trusting(StreamServerOptions options = {}, Signer shared = make_signer())
        : Served{std::move(options),
                 protocol::make_msgpack_rpc_protocol(
                     {.signer = shared, .nonces = protocol::NonceMemory::make().value()})},
          signer{std::move(shared)} {}

    /// A notification that is signed now.
    std::string notification(std::string_view name) const {
        const Dynamic arguments = Dynamic::list({std::string{name}});
        protocol::StreamTicket ticket{.wants_response = false};
        std::string out;
        EXPECT_TRUE(client->encode_call({.method = "work",
                                         .style = model::ArgumentStyle::positional,
                                         .arguments = arguments.value()},
                                        ticket, stage.executor.unix_ms(), out));
        return out;
    }
};

TEST(StreamServerOneWay, IsDecodedOnce) {
    Trusting served{{.limits = {.in_flight_per_connection_max = 2}}};
    std::string burst;
    for (const std::string& name : letters('j')) {
        burst += served.notification(name);
    }
    served.connect().receive(burst);
    EXPECT_EQ(served.server->in_flight(), 2U);
    served.expect_all_ran(letters('j'));
}

TEST(StreamServerOneWay, IsTakenOnceAndWithinTheWindowOfItsSignature) {
    Trusting served;
    FakeConnection& peer = served.connect();
    const std::string at_the_end = served.notification("a");
    const std::string too_late = served.notification("never");
    served.stage.executor.advance(protocol::NonceMemoryOptions{}.window);
    peer.receive(at_the_end);
    peer.receive(at_the_end);
    served.stage.executor.advance(1ms);
    peer.receive(too_late);
    peer.receive(served.notification("b"));
    served.run();
    EXPECT_EQ(served.calls, letters('b'));
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 2U);
}

TEST(StreamServerOneWay, RunsWhenItsConnectionIsGone) {
    Served served{{.limits = {.in_flight_per_connection_max = 2}}};
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "dropped") + notification("a") + notification("unread"));
    peer.lose();
    served.run();
    EXPECT_EQ(served.calls, Texts{"a"});
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServerOneWay, NeedsNoRoomForAnswers) {
    Served served{{.limits = {.responses_bytes_per_connection_max = 1}}};
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "a") + request(2, "refused") + notification("b"));
    served.expect_all_ran(letters('b'));
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_TRUE(is_overloaded(responses[1])) << responses[1];
}

TEST(StreamServerOneWay, IsRefusedAndToldWhereTheServerStops) {
    Served served{{.limits = {.in_flight_per_connection_max = 1}}};
    FakeConnection& peer = served.connect();
    peer.receive(notification("a") + notification("b"));
    served.drain();
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.calls, Texts{"a"});
    EXPECT_EQ(peer.unread(), 0U);
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
}

/// With a dispatcher of limits of its own.
struct Small {
    ServedStream served{};
    Texts calls{};
    ManualWorkers workers;
    Dispatcher dispatcher;

    explicit Small(std::size_t queued_max, const core::Limits& limits = {})
        : workers{queued_max},
          dispatcher{workers, served.stage.executor, served.stage.log, limits} {
        const auto handler = [this](std::string name) { calls.push_back(std::move(name)); };
        served.stage.registry.method("work", handler, {"name"});
        served.stage.registry.method("alone", handler, {"name"}).run_alone();
        StreamServerOptions options;
        options.listener.methods = served.stage.registry.all();
        served.server = std::make_unique<StreamServer>(
            *served.protocol, served.transport, dispatcher, served.stage.log, std::move(options));
    }
    ~Small() {
        served.server.reset();
        served.serve();
    }
    void run() {
        do {
            served.turn();
        } while (workers.run_all() != 0);
    }
};

TEST(StreamServerOneWay, WaitsForTheWorkersWhereRequestsAreRefused) {
    Small small{1};
    FakeConnection& peer = small.served.connect();
    peer.receive(request(1, "a") + request(2, "refused") + notification("b"));
    small.served.turn();
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_overloaded(refused[0])) << refused[0];
    EXPECT_EQ(small.workers.queued(), 2U);
    peer.receive(notification("c") + notification("d"));
    EXPECT_TRUE(peer.is_paused());
    EXPECT_EQ(peer.unread(), notification("d").size());
    small.run();
    EXPECT_EQ(small.calls, letters('d'));
    EXPECT_FALSE(peer.is_paused());
    EXPECT_EQ(small.dispatcher.one_way_failures(), 0U);
}

TEST(StreamServerOneWay, WaitsForALockHoweverManyDo) {
    core::Limits limits;
    limits.lock_waiters_max = 1;
    Small small{100, limits};
    std::string burst;
    for (const std::string& name : letters('d')) {
        burst += notification(name, "alone");
    }
    small.served.connect().receive(burst);
    small.run();
    EXPECT_EQ(small.calls, letters('d'));
    EXPECT_EQ(small.dispatcher.one_way_failures(), 0U);
}

}  // namespace warren::runtime::test::stream_server_one_way_test
