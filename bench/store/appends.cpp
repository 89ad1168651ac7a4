// Entries that reach the disk per second, in a directory of the disk to be measured.
//
// usage: store_appends CONTENDER DIRECTORY SECONDS AT_ONCE
//   fdatasync   a bare write and fdatasync for each entry
//   single      a commit for each entry
//   group       the queue, with so many appends at once
//   together    a bare write of so many entries, and one fdatasync for all of them
//   calls       a store's calls, so many at once: each is begun, and its reply is kept

#include "common/measure.hpp"
#include "store/call_store.hpp"
#include "store/durable_queue.hpp"
#include "store/open_session.hpp"
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

void run_together(const std::string& path, int at_once, bench::Measurement& measurement) {
    const std::string entries(entry_bytes * static_cast<std::size_t>(at_once), 'x');
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (bool goes_on = true; goes_on;) {
        const auto began = measurement.start();
        if (write(file, entries.data(), entries.size()) < 0 || fdatasync(file) != 0) {
            give_up("the disk cannot be written");
        }
        for (int i = 0; i < at_once; ++i) {
            goes_on = measurement.finish(began);
        }
    }
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

/// So many calls at once, each of which is followed by another one.
class Calls {
public:
    Calls(store::CallStore& store, bench::Measurement& measurement)
        : store_{store}, measurement_{measurement} {}

    void run(int at_once) {
        left_ = at_once;
        for (int i = 0; i < at_once; ++i) {
            begin();
        }
        done_.acquire();
    }

private:
    void begin() {
        const auto began = bench::Clock::now();
        const std::string key = "k0123456789abcdef0123456789abcdef-" + std::to_string(++number_);
        store_.claim({.key = key, .method = "place_order", .request = request_},
                     [this, key, began](std::expected<store::Claimed, Failure> claimed) {
                         taken(std::move(claimed));
                         keep(key, began);
                     });
    }
    void keep(const std::string& key, bench::Clock::time_point began) {
        store_.keep({key, 1}, std::string(entry_bytes / 2, 'x'),
                    [this, began](std::expected<bool, Failure> kept) {
                        if (!taken(std::move(kept))) {
                            give_up("a reply was not kept");
                        }
                        if (measurement_.record(began, bench::Clock::now())) {
                            begin();
                        } else if (--left_ == 0) {
                            done_.release();
                        }
                    });
    }

    store::CallStore& store_;
    bench::Measurement& measurement_;
    const store::RequestHash request_ = store::request_hash("place_order", "onions");
    std::atomic<std::uint64_t> number_ = 0;
    std::atomic<int> left_ = 0;
    std::binary_semaphore done_{0};
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        give_up(
            "usage: store_appends fdatasync|single|group|together|calls DIRECTORY SECONDS AT_ONCE");
    }
    const std::string_view contender = arguments[1];
    const std::string path = std::string{arguments[2]} + "/entries-" + std::to_string(getpid());
    bench::Measurement measurement{warm_up_s, std::atof(arguments[3])};
    if (contender == "fdatasync") {
        run_fdatasync(path, measurement);
    } else if (contender == "single") {
        run_single(path, measurement);
    } else if (contender == "together") {
        run_together(path, std::atoi(arguments[4]), measurement);
    } else if (contender == "calls") {
        store::CallStore store{taken(store::open_sqlite(path)),
                               {.limits = {.bytes_max = 1ULL << 40}}};
        Calls{store, measurement}.run(std::atoi(arguments[4]));
    } else {
        const auto queue = taken(store::DurableQueue::open(
            {.file = {.path = path}, .entries_max = 1ULL << 40, .bytes_max = 1ULL << 40}));
        Group{*queue, measurement}.run(std::atoi(arguments[4]));
    }
    measurement.print();
}
