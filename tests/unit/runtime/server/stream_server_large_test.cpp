#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "runtime/dispatch/request_memory.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

// Requests that would keep the I/O thread for too long are read on a worker, within a budget.
namespace warren::runtime::test {
namespace {

/// A request of so many numbers of one byte each.
std::string request_of_numbers(std::uint32_t id, std::size_t count, std::string_view method) {
    std::string out;
    {
        format::MsgpackWriter writer{out};
        writer.list_head(4);
        writer.integer(0);
        writer.integer(id);
        writer.text(method);
        writer.list_head(1);
        writer.list_head(count);
    }
    out.append(count, '\x07');
    return out;
}

struct ServedNumbers : ServedStream {
    std::size_t seen = 0;

    explicit ServedNumbers(
        StreamServerOptions options = {},
        std::unique_ptr<protocol::StreamProtocol> spoken = protocol::make_msgpack_rpc_protocol())
        : ServedStream{std::move(spoken)} {
        const auto count = [this](std::vector<int> numbers) {
            seen += numbers.size();
            return numbers.size();
        };
        stage.registry.method("inline", count, {"numbers"}).run_on_io_thread();
        stage.registry.method("work", count, {"numbers"});
        serve(std::move(options));
    }
};

// More values than the I/O thread's arena has room for, though not many bytes.
constexpr std::size_t many = quick_values_bytes_max / sizeof(Value) + 1;

TEST(StreamServerLarge, AWorkerReadsWhatIsLarge) {
    for (const char* const method : {"inline", "work"}) {
        ServedNumbers served;
        FakeConnection& peer = served.connect();
        peer.receive(request_of_numbers(7, many, method) + request_of_numbers(8, 3, "inline"));
        EXPECT_EQ(peer.take_responses(), Texts{"[1,8,null,3]"}) << "others are served meanwhile";
        served.turn();
        EXPECT_EQ(served.seen, 3U);
        EXPECT_TRUE(served.stage.workers.run_one()) << "which reads and binds";
        EXPECT_EQ(served.seen, 3U);
        served.run();
        EXPECT_EQ(peer.take_responses(), Texts{"[1,7,null," + std::to_string(many) + ']'});
        EXPECT_EQ(served.server->in_flight(), 0U);
    }
}

TEST(StreamServerLarge, TheSameHoweverItIsCut) {
    ServedNumbers served;
    FakeConnection& peer = served.connect();
    const std::string request = request_of_numbers(7, 2 * quick_bytes_max, "inline");
    for (std::size_t at = 0; at < request.size(); at += 50'001) {
        peer.receive(request.substr(at, 50'001));
    }
    served.run();
    EXPECT_EQ(peer.take_responses(),
              Texts{"[1,7,null," + std::to_string(2 * quick_bytes_max) + ']'});
}

TEST(StreamServerLarge, WhatIsWrongWithOneIsAnsweredToItsCaller) {
    ServedNumbers served;
    FakeConnection& peer = served.connect();
    std::string bad = request_of_numbers(7, many, "inline");
    bad.back() = '\xc0';
    peer.receive(bad + request_of_numbers(8, many, "nothing"));
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_NE(responses[0].find(R"([1,7,{"code":"invalid_request")"), std::string::npos);
    EXPECT_NE(responses[0].find(std::to_string(many - 1)), std::string::npos) << "its place";
    EXPECT_NE(responses[1].find(R"([1,8,{"code":"no_such_method")"), std::string::npos);
    EXPECT_EQ(served.seen, 0U);
}

TEST(StreamServerLarge, OneWhoseCallerIsGoneIsNotRead) {
    ServedNumbers served;
    FakeConnection& peer = served.connect();
    peer.receive(request_of_numbers(7, many, "work"));
    served.turn();
    peer.lose();
    EXPECT_EQ(served.stage.workers.queued(), 0U);
    // Nor does one run that was read when that became known.
    FakeConnection& other = served.connect();
    other.receive(request_of_numbers(7, many, "work"));
    served.turn();
    EXPECT_TRUE(served.stage.workers.run_one());
    other.lose();
    served.run();
    EXPECT_EQ(served.seen, 0U);
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServerLarge, ADeadlineCountsFromItsArrival) {
    ServedNumbers served;
    FakeConnection& peer = served.connect();
    std::string request;
    {
        format::MsgpackWriter writer{request};
        writer.list_head(4);
        writer.integer(0);
        writer.integer(7);
        writer.text("work");
        writer.list_head(2);
        writer.list_head(many);
    }
    request.append(many, '\x07');
    request += packed(R"({"$warren":"bare","timeout_ms":1000})");
    peer.receive(request);
    served.turn();
    served.stage.executor.advance(1001ms);
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_NE(responses[0].find(R"("expired_in_queue")"), std::string::npos) << responses[0];
    EXPECT_EQ(served.seen, 0U);
}

TEST(StreamServerLarge, WhatRequestsTakeInMemoryIsHeldAgainstTheLimits) {
    const std::size_t message = request_of_numbers(1, many, "work").size();
    const std::size_t values = many * sizeof(Value);
    struct Case {
        StreamServerOptions options;
        const char* named;
    };
    for (const Case& each :
         {Case{{.limits = {.in_flight_bytes_per_connection_max = message + values - 1}},
               "connection_requests_bytes_max"},
          Case{{.limits = {.in_flight_bytes_max = message + values - 1}}, "(requests_bytes_max"},
          Case{{.limits = {.in_flight_bytes_per_connection_max = message - 1}},
               "connection_requests_bytes_max"}}) {
        ServedNumbers served{each.options};
        FakeConnection& peer = served.connect();
        peer.receive(request_of_numbers(1, many, "work"));
        served.run();
        const Texts responses = peer.take_responses();
        ASSERT_EQ(responses.size(), 1U);
        EXPECT_NE(responses[0].find(R"("overloaded")"), std::string::npos) << responses[0];
        EXPECT_NE(responses[0].find(each.named), std::string::npos) << responses[0];
        EXPECT_EQ(served.seen, 0U);
        peer.receive(request_of_numbers(2, 3, "work"));
        served.run();
        EXPECT_EQ(peer.take_responses(), Texts{"[1,2,null,3]"}) << "all was given back";
    }
}

TEST(StreamServerLarge, TheArgumentsOfLargeRequestsCount) {
    const std::string request = request_of_numbers(1, many, "work");
    // What a worker needs before it binds: the message, and its values in the chunks of an arena.
    detail::MemoryBudget read{std::size_t{1} << 30, ""};
    Arena arena{read};
    protocol::MsgpackRpcDecoder decoder;
    ASSERT_EQ(decoder.next(std::as_bytes(std::span{request}), arena).state,
              protocol::RpcStep::State::complete);
    const std::size_t before = request.size() + read.taken();
    const std::size_t arguments = many * sizeof(int);
    for (const char* const method : {"work", "inline"}) {
        const std::string call = request_of_numbers(1, many, method);
        const auto answers_at = [&](std::size_t bytes_max) {
            ServedNumbers served{{.limits = {.in_flight_bytes_per_connection_max = bytes_max}}};
            FakeConnection& peer = served.connect();
            // Again and again, as all is given back.
            for (int round = 0; round < 3; ++round) {
                peer.receive(call);
                served.run();
            }
            return peer.take_responses();
        };
        const Texts refused = answers_at(before + arguments - 1);
        ASSERT_EQ(refused.size(), 3U);
        EXPECT_NE(refused[0].find("connection_requests_bytes_max"), std::string::npos)
            << refused[0];
        const std::size_t room = std::size_t{64} << 10;
        EXPECT_EQ(answers_at(before + 2 * arguments + room),
                  Texts(3, "[1,1,null," + std::to_string(many) + ']'));
    }
}

TEST(StreamServerLarge, TheArgumentsOfSmallerRequestsCount) {
    // Read by the I/O thread, they are kept as numbers of four bytes while they wait for a worker.
    constexpr std::size_t count = 10'000;
    ServedNumbers served{
        {.limits = {.in_flight_bytes_per_connection_max = 3 * count * sizeof(int)}}};
    FakeConnection& peer = served.connect();
    peer.receive(request_of_numbers(1, count, "work") + request_of_numbers(2, count, "work"));
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 1U) << "the second one, at once";
    EXPECT_NE(refused[0].find("connection_requests_bytes_max"), std::string::npos);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{"[1,1,null,10000]"});
}

TEST(StreamServerLarge, MocksToo) {
    StreamServerOptions options;
    options.listener.responses = Responses::mock;
    ServedNumbers served{std::move(options)};
    FakeConnection& peer = served.connect();
    peer.receive(request_of_numbers(7, many, "work") + request_of_numbers(8, 3, "work"));
    Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 1U);
    const std::string mock = responses[0].substr(std::string{"[1,8,"}.size());
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{"[1,7," + mock});
    EXPECT_EQ(served.seen, 0U);
}

TEST(StreamServerLarge, ArrpcToo) {
    ServedNumbers served{{}, protocol::make_arrpc_protocol("work", {})};
    FakeConnection& peer = served.connect();
    std::string message;
    {
        format::MsgpackWriter writer{message};
        writer.list_head(many);
    }
    message.append(many, '\x07');
    peer.receive(message);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{std::to_string(many)});
}

}  // namespace
}  // namespace warren::runtime::test
