// Serves a load for as long as is wanted, and tells whether anything grows meanwhile; see
// scripts/soak.
#include <warren/client.hpp>

#include "faults/free_port.hpp"
#include "faults/service.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace warren::faults {
namespace {

using Clock = std::chrono::steady_clock;

/// What a process holds.
struct Sample {
    std::uint64_t calls = 0;
    std::uint64_t memory_kib = 0;
    std::uint64_t descriptors = 0;
    std::uint64_t threads = 0;
    std::uint64_t store_kib = 0;
};

std::uint64_t status_of(pid_t process, const std::string& name) {
    std::ifstream file{fmt::format("/proc/{}/status", process)};
    for (std::string word; file >> word;) {
        if (std::uint64_t value = 0; word == name + ':' && file >> value) {
            return value;
        }
    }
    return 0;
}

std::uint64_t kib_in(const std::filesystem::path& folder) {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
    }
    return bytes / 1024;
}

Sample sample_of(pid_t process, const std::filesystem::path& store, std::uint64_t calls) {
    const std::filesystem::path descriptors = fmt::format("/proc/{}/fd", process);
    return {.calls = calls,
            .memory_kib = status_of(process, "VmRSS"),
            .descriptors = static_cast<std::uint64_t>(
                std::distance(std::filesystem::directory_iterator{descriptors}, {})),
            .threads = status_of(process, "Threads"),
            .store_kib = kib_in(store)};
}

/// Callers that do all that callers do: call, call again under the same key, ask for what is wrong,
/// go away and come back.
class Mix {
public:
    Mix(std::vector<std::string> addresses, std::size_t threads) {
        for (std::size_t at = 0; at < threads; ++at) {
            threads_.emplace_back([this, address = addresses[at % addresses.size()]] {
                while (!is_over_) {
                    visit(address);
                }
            });
        }
    }
    Mix(const Mix&) = delete;
    Mix& operator=(const Mix&) = delete;
    ~Mix() {
        is_over_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

    /// Wait until so many are over, or it is late.
    /// out  how many are over
    std::uint64_t await(std::uint64_t calls, Clock::time_point late) {
        std::unique_lock lock{mutex_};
        changed_.wait_until(lock, late, [&] { return calls_ >= calls; });
        return calls_;
    }
    std::uint64_t wrong() const { return wrong_; }

private:
    static constexpr int calls_of_one_visit = 200;

    void visit(const std::string& address) {
        Client client{address, {.timeout = std::chrono::seconds{20}}};
        for (int number = 0; number < calls_of_one_visit && !is_over_; ++number) {
            CallOptions options;
            if (number % 3 != 0) {
                options.idempotent = true;
                options.idempotency_key = to_string(Uuid::random());
            }
            call(client, 10, options);
            if (number % 3 == 2) {
                call(client, 10, options);
            }
            if (number % 10 == 0) {
                call(client, -1, {});
            }
        }
    }

    void call(Client& client, int number, const CallOptions& options) {
        try {
            const Dynamic answer = client.call("fibonacci", Dynamic::map({{"n", number}}), options);
            wrong_ += number < 0 || answer != Dynamic{55} ? 1 : 0;
        } catch (const Error& error) {
            wrong_ += number < 0 && error.code() == Code::invalid_request ? 0 : 1;
        }
        const std::lock_guard lock{mutex_};
        ++calls_;
        changed_.notify_all();
    }

    std::atomic<bool> is_over_ = false;
    std::atomic<std::uint64_t> wrong_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t calls_ = 0;
    std::vector<std::thread> threads_;
};

/// Whether the last quarter needs more than the second one did, by more than what varies.
bool is_flat(const std::vector<Sample>& samples, const char* name, std::uint64_t Sample::* what,
             std::uint64_t varies) {
    const std::size_t quarter = samples.size() / 4;
    const auto most = [&](std::size_t from) {
        std::uint64_t highest = 0;
        for (std::size_t at = from; at < from + quarter; ++at) {
            highest = std::max(highest, samples[at].*what);
        }
        return highest;
    };
    const std::uint64_t before = most(quarter);
    const std::uint64_t after = most(samples.size() - quarter);
    const bool is_flat = after <= before + before / 10 + varies;
    fmt::print("{:<12} {:>9} {:>9} {}\n", name, before, after, is_flat ? "flat" : "GROWS");
    return is_flat;
}

int soak(std::chrono::seconds duration, std::size_t threads) {
    const test::TemporaryDirectory directory;
    const std::filesystem::path store = directory.file("store");
    std::filesystem::create_directory(store);
    test::RabbitMq broker;
    const std::uint16_t tcp = free_port();
    const std::uint16_t zmq = free_port();
    const std::string configuration = directory.file("warren.yml");
    // The store is full soon, so that the rest of the time is spent with it full.
    std::ofstream{configuration} << fmt::format(
        "modules: [{}]\n"
        "log: {{level: error}}\n"
        "store: {{sqlite: \"{}/calls.db\", bytes_max: 1048576}}\n"
        "listeners:\n"
        "  - {{tcp: \"127.0.0.1:{}\"}}\n"
        "  - {{zmq: \"tcp://127.0.0.1:{}\"}}\n"
        "  - {{amqp: \"{}\", queue: soak, queue_type: quorum}}\n",
        WARREN_MODULES, store.string(), tcp, zmq, broker.uri());
    Service service{{WARREN_PROGRAM, "serve", "--config", configuration}, directory.file("log")};
    std::vector<Sample> samples;
    std::uint64_t wrong = 0;
    {
        Mix mix{{fmt::format("tcp://127.0.0.1:{}", tcp), fmt::format("zmq+tcp://127.0.0.1:{}", zmq),
                 broker.uri() + "?queue=soak"},
                threads};
        constexpr int samples_wanted = 60;
        const Clock::time_point begin = Clock::now();
        fmt::print("{:>9} {:>10} {:>11} {:>7} {:>9}\n", "calls", "memory KiB", "descriptors",
                   "threads", "store KiB");
        for (int at = 1; at <= samples_wanted; ++at) {
            const std::uint64_t calls = mix.await(std::numeric_limits<std::uint64_t>::max(),
                                                  begin + duration * at / samples_wanted);
            const Sample now = samples.emplace_back(sample_of(service.id(), store, calls));
            fmt::print("{:>9} {:>10} {:>11} {:>7} {:>9}\n", now.calls, now.memory_kib,
                       now.descriptors, now.threads, now.store_kib);
            std::fflush(stdout);
        }
        wrong = mix.wrong();
    }
    fmt::print("\n{:<12} {:>9} {:>9}\n", "most of", "2nd", "last");
    // A sample may find each caller with its next connection beside its last.
    bool is_right = is_flat(samples, "memory KiB", &Sample::memory_kib, 2048);
    is_right = is_flat(samples, "descriptors", &Sample::descriptors, threads) && is_right;
    is_right = is_flat(samples, "threads", &Sample::threads, 0) && is_right;
    is_right = is_flat(samples, "store KiB", &Sample::store_kib, 1024) && is_right;
    fmt::print("{} calls, {} of them with a wrong answer\n", samples.back().calls, wrong);
    return service.terminate() == 0 && is_right && wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace warren::faults

int main(int count, char** arguments) {
    std::uint64_t seconds = 3600;
    std::size_t threads = 12;
    CLI::App program{"Serve a load over TCP, ZeroMQ and RabbitMQ, and tell what grows."};
    program.add_option("--seconds", seconds, "How long")->capture_default_str();
    program.add_option("--threads", threads, "Callers at once")->capture_default_str();
    CLI11_PARSE(program, count, arguments);
    try {
        return warren::faults::soak(std::chrono::seconds{seconds}, threads);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
