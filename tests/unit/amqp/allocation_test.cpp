#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

namespace {

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> piece_bytes_max{SIZE_MAX};  // larger ones are not to be had

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    void* const memory =
        size > piece_bytes_max ? nullptr : std::malloc(std::max<std::size_t>(size, 1));
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    return memory;
}

// A sanitizer has these of its own, which would not match the deletes below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(std::max<std::size_t>(size, 1));
}

// Inlined, g++ 12 takes them for mismatched with the news above.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace warren::amqp {

namespace {

using test::Session;

/// What one turn of a server's loop does: read, answer, acknowledge, write.
std::size_t turn(ConnectionCore& core, const std::string& bytes, OutputBuffer& output) {
    std::size_t deliveries = 0;
    std::ranges::copy(test::as_octets(bytes), core.prepare(bytes.size()).begin());
    core.commit(bytes.size(), {});
    while (const Event* event = core.next_event()) {
        if (const auto* delivery = std::get_if<Delivery>(event)) {
            ++deliveries;
            const BasicProperties properties{.correlation_id = delivery->properties.correlation_id};
            (void)core.basic_publish(1, {.routing_key = *delivery->properties.reply_to}, properties,
                                     delivery->body);
            (void)core.basic_ack(1, {.delivery_tag = delivery->delivery_tag});
        }
    }
    core.take_output(output);
    return deliveries;
}

TEST(Allocation, ThereIsNoneInTheSteadyState) {
    const std::string head = test::deliver(1, "t", 1, false, "e", "k");
    const std::string properties =
        test::u16(0x0600) + test::short_string("id") + test::short_string("back");
    std::string bytes;
    for (int message = 0; message != 50; ++message) {
        bytes += head + test::header(1, 64, properties) + test::body(1, std::string(64, 'x'));
        bytes += head + test::header(1, 96, properties) + test::body(1, std::string(64, 'y')) +
                 test::body(1, std::string(32, 'z'));
    }
    const std::string cut_head = bytes.substr(0, 40);
    bytes = bytes.substr(40) + cut_head;  // the last message goes on in the next turn

    Session session = Session::with_channel();
    OutputBuffer output;
    turn(session.core, cut_head, output);
    for (int warm_up = 0; warm_up != 4; ++warm_up) {
        turn(session.core, bytes, output);
    }
    const std::size_t before = allocations;
    std::size_t deliveries = 0;
    for (int round = 0; round != 100; ++round) {
        deliveries += turn(session.core, bytes, output);
    }
    EXPECT_EQ(deliveries, 100U * 100U);
    EXPECT_EQ(allocations - before, 0U);
}

TEST(Allocation, APublishWithoutMemoryLeavesNothingBehind) {
    Session session = Session::with_channel();
    OutputBuffer output;
    session.core.take_output(output);
    output.clear();
    const std::string body(1'000'000, 'x');
    piece_bytes_max = 100'000;
    const auto refused =
        session.core.basic_publish(1, {.routing_key = "k"}, {}, std::as_bytes(std::span{body}));
    piece_bytes_max = SIZE_MAX;
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), CommandError::out_of_memory);
    session.core.take_output(output);
    EXPECT_TRUE(output.empty()) << "no half of a message";
}

}  // namespace

}  // namespace warren::amqp
