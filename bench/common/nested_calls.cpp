// What it costs that a handler calls another server before it answers: 100 calls at once to a front
// with 4 workers, each of which makes one call of 100 ms to a back with a worker for each, and
// 10,000 at once to a front with 2 workers whose back answers at once. Over TCP, in one process.

#include <warren/lazy_call.hpp>
#include <warren/server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <expected>
#include <latch>
#include <thread>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

WARREN_CONTRACT(rest, "rest", int, int)
WARREN_CONTRACT(echo, "echo", int, int)
WARREN_CONTRACT(blocks, "blocks", int, int)
WARREN_CONTRACT(awaits, "awaits", int, int)
WARREN_CONTRACT(awaits_echo, "awaits_echo", int, int)

warren::ListenerOptions listener() {
    return {.url = "tcp://127.0.0.1:0", .limits = {.connection_requests_max = 20'000}};
}

/// out  milliseconds until the last of so many calls, all made at once, is answered
template <typename C>
double time_of(warren::Client& client, std::ptrdiff_t count) {
    std::latch left{count};
    const Clock::time_point begin = Clock::now();
    for (std::ptrdiff_t call = 0; call < count; ++call) {
        client.start_call<C>(1, [&](const std::expected<int, warren::Failure>& outcome) {
            if (!outcome) {
                std::printf("failed: %s\n", outcome.error().message.c_str());
            }
            left.count_down();
        });
    }
    left.wait();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void measure(std::size_t workers, warren::Client& back, auto&& run) {
    warren::Server front{{.workers = workers}};
    front.method<blocks>([&](const int& number, warren::Context& context) {
        return context.call<rest>(back, number).get();
    });
    front.method<awaits>([&](const int& number, warren::Context& context) -> warren::task<int> {
        const int given = co_await context.call<rest>(back, number);
        co_return given;
    });
    front.method<awaits_echo>(
        [&](const int& number, warren::Context& context) -> warren::task<int> {
            const int given = co_await context.call<echo>(back, number);
            co_return given;
        });
    front.listen(listener());
    front.start();
    {
        warren::Client client{front.addresses()[0]};
        run(client);
    }
    front.stop();
}

}  // namespace

int main() {
    warren::Server back_server{{.workers = 100}};
    back_server.method<rest>([](const int& number) {
        std::this_thread::sleep_for(100ms);
        return number;
    });
    back_server.method<echo>([](const int& number) { return number; });
    back_server.listen(listener());
    back_server.start();
    warren::Client back{back_server.addresses()[0]};
    measure(4, back, [](warren::Client& client) {
        std::printf("100 nested calls of 100 ms, 4 workers, coroutines: %7.0f ms\n",
                    time_of<awaits>(client, 100));
        std::printf("100 nested calls of 100 ms, 4 workers, blocking:   %7.0f ms\n",
                    time_of<blocks>(client, 100));
    });
    measure(2, back, [](warren::Client& client) {
        time_of<awaits_echo>(client, 10'000);
        const double taken = time_of<awaits_echo>(client, 10'000);
        std::printf("10,000 nested calls at once, 2 workers, coroutines: %6.0f ms, %.0f a second\n",
                    taken, 1e7 / taken);
    });
}
