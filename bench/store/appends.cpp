// Entries that reach the disk per second, in a directory of the disk to be measured.
//
// usage: store_appends CONTENDER DIRECTORY SECONDS AT_ONCE
//   fdatasync   a bare write and fdatasync for each entry
//   single      a commit for each entry
//   group       the queue, with so many appends at once

#include "common/measure.hpp"
#include "store/durable_queue.hpp"
#include "store/queue_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>
#include <string_view>

namespace {

using namespace warren;  // NOLINT

constexpr std::size_t entry_bytes = 200;
constexpr double warm_up_s = 0.2;

[[noreturn]] void give_up(const char* why) {
    std::fprintf(stderr, "error: %s\n", why);
    std::exit(1);
}

template <typename T>
T taken(std::expected<T, Failure> outcome) {
    if (!outcome) {
        give_up(to_string(outcome.error()).c_str());
    }
    return std::move(*outcome);
}

void run_fdatasync(const std::string& path, bench::Measurement& measurement) {
    const std::string entry(entry_bytes, 'x');
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    auto began = measurement.start();
    do {
        began = measurement.start();
        if (write(file, entry.data(), entry.size()) < 0 || fdatasync(file) != 0) {
            give_up("the disk cannot be written");
        }
    } while (measurement.finish(began));
    close(file);
}

void run_single(const std::string& path, bench::Measurement& measurement) {
    const std::string entry(entry_bytes, 'x');
    store::QueueFile file = taken(store::QueueFile::open({.path = path}));
    auto began = measurement.start();
    do {
        began = measurement.start();
        if (!file.begin() || !file.append(entry) || !file.commit()) {
            give_up("the file cannot be written");
        }
    } while (measurement.finish(began));
}

/// So many appends at once: each begins the next when it is done.
class Group {
public:
    Group(store::DurableQueue& queue, bench::Measurement& measurement)
        : queue_{queue}, measurement_{measurement} {}

    void run(int at_once) {
        left_ = at_once;
        for (int i = 0; i < at_once; ++i) {
            append();
        }
        done_.acquire();
    }

private:
    void append() {
        const auto began = bench::Clock::now();
        const auto outcome = queue_.append(
            std::string(entry_bytes, 'x'), [this, began](std::expected<std::uint64_t, Failure> id) {
                taken(std::move(id));
                if (measurement_.record(began, bench::Clock::now())) {
                    append();
                } else if (--left_ == 0) {
                    done_.release();
                }
            });
        if (!outcome) {
            give_up(to_string(outcome.error()).c_str());
        }
    }

    store::DurableQueue& queue_;
    bench::Measurement& measurement_;
    std::atomic<int> left_ = 0;
    std::binary_semaphore done_{0};
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        give_up("usage: store_appends fdatasync|single|group DIRECTORY SECONDS AT_ONCE");
    }
    const std::string_view contender = arguments[1];
    const std::string path = std::string{arguments[2]} + "/entries-" + std::to_string(getpid());
    bench::Measurement measurement{warm_up_s, std::atof(arguments[3])};
    if (contender == "fdatasync") {
        run_fdatasync(path, measurement);
    } else if (contender == "single") {
        run_single(path, measurement);
    } else {
        const auto queue = taken(store::DurableQueue::open(
            {.file = {.path = path}, .entries_max = 1ULL << 40, .bytes_max = 1ULL << 40}));
        Group{*queue, measurement}.run(std::atoi(arguments[4]));
    }
    measurement.print();
}
