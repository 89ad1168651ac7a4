#include "store/durable_queue.hpp"

#include <cstdio>
#include <future>
#include <string>
#include <vector>

namespace {

using namespace warren;  // NOLINT

using Id = std::expected<std::uint64_t, Failure>;

Id append(store::DurableQueue& queue) {
    std::promise<Id> promise;
    const auto taken = queue.append(std::string(1'000, 'x'),
                                    [&promise](Id id) { promise.set_value(std::move(id)); });
    return taken ? promise.get_future().get() : std::unexpected{taken.error()};
}

std::vector<store::Entry> read(store::DurableQueue& queue, std::uint64_t after) {
    std::promise<std::vector<store::Entry>> promise;
    queue.read(after, [&promise](auto entries) { promise.set_value(std::move(*entries)); });
    return promise.get_future().get();
}

}  // namespace

/// Fills the disk that a queue lies on and empties the queue, several times; prints how many
/// entries there were each time, and were left. usage: disk_filler FILE
int main(int count, char** arguments) {
    if (count != 2) {
        return 2;
    }
    auto opened = store::DurableQueue::open({.file = {.path = arguments[1]}});
    if (!opened) {
        std::fprintf(stderr, "%s\n", to_string(opened.error()).c_str());
        return 1;
    }
    store::DurableQueue& queue = **opened;
    std::puts("begun");
    for (int round = 0; round != 3; ++round) {
        Id id = append(queue);
        for (; id; id = append(queue)) {
        }
        const auto filled = static_cast<unsigned long long>(queue.totals().entries);
        for (std::uint64_t after = 0;;) {
            const auto entries = read(queue, after);
            if (entries.empty()) {
                break;
            }
            for (const store::Entry& entry : entries) {
                queue.remove(after = entry.id);
            }
        }
        read(queue, 0);
        std::printf("%llu %llu %s\n", filled,
                    static_cast<unsigned long long>(queue.totals().entries),
                    to_string(id.error()).c_str());
    }
}
