#include "store/durable_queue.hpp"

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

/// Appends numbers to a queue, many at a time, and prints each once it is confirmed, until it is
/// killed. Every third entry is removed again, and said to be before that.
/// usage: appender FILE FIRST
int main(int count, char** arguments) {
    using namespace warren;
    if (count != 3) {
        return 2;
    }
    auto queue = store::DurableQueue::open({.file = {.path = arguments[1]}});
    if (!queue) {
        std::fprintf(stderr, "%s\n", to_string(queue.error()).c_str());
        return 1;
    }
    constexpr int burst = 32;
    for (std::uint64_t next = std::strtoull(arguments[2], nullptr, 10);;) {
        std::promise<void> done;
        for (int i = 0; i < burst; ++i, ++next) {
            const auto on_disk = [&queue, &done, next, is_last = i == burst - 1](
                                     std::expected<std::uint64_t, Failure> id) {
                if (!id) {
                    std::abort();
                }
                if (next % 3 == 0) {
                    std::printf("removing %llu\n", static_cast<unsigned long long>(next));
                }
                std::printf("appended %llu\n", static_cast<unsigned long long>(next));
                std::fflush(stdout);
                if (next % 3 == 0) {
                    (*queue)->remove(*id);
                }
                if (is_last) {
                    done.set_value();
                }
            };
            if (!(*queue)->append(std::to_string(next), on_disk)) {
                return 1;
            }
        }
        done.get_future().wait();
    }
}
