#include "endpoint/log_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <latch>
#include <new>
#include <string>
#include <vector>

namespace {

thread_local bool has_no_memory = false;  // this thread

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    if (void* const memory =
            has_no_memory ? nullptr : std::malloc(std::max<std::size_t>(size, 1))) {
        return memory;
    }
    throw std::bad_alloc{};
}

// Inlined, g++ 12 takes these for mismatched with the new above.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;

TEST(LogQueue, OutlivesThatItHasNoMemory) {
    std::vector<std::string> taken;
    std::latch reached{1};
    std::latch gate{1};
    const auto write = [&](LogLevel, LogQueue::TimePoint, std::string_view line) {
        has_no_memory = false;
        taken.emplace_back(line);
        if (line == "first") {
            reached.count_down();
            gate.wait();
        }
        // From the first line on to the second.
        has_no_memory = line == "first";
    };
    {
        LogQueue queue{write, {.lines_max = 1, .flush_max = 1h}};
        queue.debug("first");
        reached.wait();
        queue.debug("second");
        queue.debug("dropped");
        EXPECT_EQ(queue.dropped(), 1U);
        gate.count_down();
    }
    ASSERT_EQ(taken.size(), 3U);
    EXPECT_EQ(taken[1], "second");
    EXPECT_TRUE(taken[2].starts_with("1 lines of this log were dropped here")) << taken[2];
}

}  // namespace
}  // namespace warren::endpoint
