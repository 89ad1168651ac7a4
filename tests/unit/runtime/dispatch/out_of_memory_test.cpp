#include "unit/runtime/server/broker_harness.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <cstdlib>
#include <limits>
#include <new>
#include <string>
#include <vector>

// Where memory ends, the request ends that wants it, and not the process.
namespace {

// Of this thread: larger pieces are not to be had.
thread_local std::size_t piece_bytes_max = std::numeric_limits<std::size_t>::max();

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size_bytes) {
    void* const piece = size_bytes > piece_bytes_max ? nullptr : std::malloc(size_bytes);
    if (piece == nullptr) {
        throw std::bad_alloc{};
    }
    return piece;
}
[[gnu::noinline]] void operator delete(void* piece) noexcept {
    std::free(piece);
}
[[gnu::noinline]] void operator delete(void* piece, std::size_t) noexcept {
    std::free(piece);
}

namespace warren::runtime::test {
namespace {

class ShortOfMemory {
public:
    explicit ShortOfMemory(std::size_t bytes_max) noexcept { piece_bytes_max = bytes_max; }
    ~ShortOfMemory() { piece_bytes_max = std::numeric_limits<std::size_t>::max(); }
    ShortOfMemory(const ShortOfMemory&) = delete;
    ShortOfMemory& operator=(const ShortOfMemory&) = delete;
};

std::string numbers(std::size_t count) {
    std::string json = "[0";
    for (std::size_t at = 1; at < count; ++at) {
        json += ",0";
    }
    return json + ']';
}

TEST(OutOfMemory, AStreamsRequestIsRefusedWhereverItRunsOut) {
    ServedStream served;
    int runs = 0;
    served.stage.registry.method("work", [&runs](const Dynamic&) { ++runs; }, {"value"});
    served.serve();
    FakeConnection& peer = served.connect();
    const std::string request = packed(R"([0,1,"work",[)" + numbers(40'000) + "]]");
    // Reading it on the I/O thread, keeping it for a worker, reading it there, binding it.
    for (const std::size_t bytes_max : {10'000UL, 39'000UL, 45'000UL, 639'000UL}) {
        {
            peer.make_room(request.size());
            const ShortOfMemory here{bytes_max};
            peer.receive(request);
            served.run();
        }
        const std::vector<std::string> responses = peer.take_responses();
        ASSERT_EQ(responses.size(), 1U) << bytes_max;
        EXPECT_NE(responses[0].find(R"("overloaded")"), std::string::npos) << responses[0];
        EXPECT_EQ(runs, 0);
    }
    peer.receive(request);
    served.run();
    EXPECT_EQ(peer.take_responses(), std::vector<std::string>{"[1,1,null,null]"});
    EXPECT_EQ(runs, 1);
}

/// A reply that is there, in a process that has no memory to encode it.
std::string large_reply() {
    std::string reply(1'000'000, 'x');
    piece_bytes_max = 100'000;
    return reply;
}

TEST(OutOfMemory, AStreamsReplyBecomesAFailure) {
    for (const bool is_inline : {false, true}) {
        ServedStream served;
        auto method = served.stage.registry.method("work", &large_reply);
        if (is_inline) {
            method.run_on_io_thread();
        }
        served.serve();
        FakeConnection& peer = served.connect();
        peer.receive(packed(R"([0,1,"work",[]])"));
        served.run();
        piece_bytes_max = std::numeric_limits<std::size_t>::max();
        const std::vector<std::string> responses = peer.take_responses();
        ASSERT_EQ(responses.size(), 1U);
        EXPECT_NE(responses[0].find(R"("internal")"), std::string::npos) << responses[0];
        EXPECT_NE(responses[0].find("no memory left for the reply"), std::string::npos)
            << responses[0];
        EXPECT_TRUE(served.stage.log.contains("no memory left for the reply"));
    }
}

TEST(OutOfMemory, AMessagesReplyBecomesAFailure) {
    ServedBroker served;
    served.stage.registry.method("work", &large_reply);
    served.serve();
    served.caller->send({.correlation_id = "a", .body = "{}"});
    served.run();
    piece_bytes_max = std::numeric_limits<std::size_t>::max();
    EXPECT_EQ(served.caller->reply("a"),
              R"({"success":false,"message":"An unexpected error occurred","data":null})");
    EXPECT_TRUE(served.stage.log.contains("no memory left for the reply"));
}

}  // namespace
}  // namespace warren::runtime::test
