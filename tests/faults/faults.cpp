// Kills what serves calls, makes them, or stands between, at random instants while clients place
// orders, and accounts for every one of them; see scripts/faults.
#include "faults/callers.hpp"
#include "faults/scene.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace warren::faults {
namespace {

struct Options {
    std::size_t kills = 20;
    std::size_t threads = 16;
    std::uint64_t seed = std::random_device{}();
    std::vector<std::string> ways{"tcp", "zmq", "classic", "quorum"};
    std::vector<std::string> stores{"sqlite"};
    std::vector<std::string> victims{"server"};
};

/// One line of the ledger.
struct Line {
    Scene scene;
    std::size_t kills = 0;
    Load::Counts counts;
    Stage::Totals totals;
    std::chrono::milliseconds healing{0};

    std::uint64_t lost() const {
        return counts.answered - std::min(counts.answered, totals.orders);
    }
    bool is_right() const {
        const bool is_whole = counts.hung == 0 && lost() == 0;
        return scene.keys == Keys::none
                   ? is_whole
                   : is_whole && totals.doubled == 0 && totals.orders == counts.calls &&
                         totals.sold == counts.calls;
    }
};

/// What ctest takes for a test that could not run.
constexpr int skipped_some = 77;

/// So many faults at random instants.
/// in   load: has `await_more`. fail: one fault
template <typename Fail>
std::size_t disturb(auto& load, const Options& options, std::mt19937_64& random, Fail fail) {
    std::uniform_int_distribution<std::uint64_t> calls_between{1, 60};
    std::uniform_int_distribution<int> instant_us{0, 3'000};
    load.await_more(options.threads);
    for (std::size_t kills = 0; kills < options.kills; ++kills) {
        load.await_more(calls_between(random));
        // Somewhere between two answers.
        const auto instant =
            std::chrono::steady_clock::now() + std::chrono::microseconds{instant_us(random)};
        while (std::chrono::steady_clock::now() < instant) {
        }
        fail();
    }
    load.await_more(options.threads);
    return options.kills;
}

/// One run, under a load that asks again.
Line run(const Scene& scene, const Options& options, int number) {
    std::mt19937_64 random{options.seed + static_cast<std::uint64_t>(number)};
    Stage stage{scene, number, random()};
    Line line{.scene = scene};
    if (scene.victim == "client") {
        Callers callers{stage.address(), options.threads, stage.journal()};
        line.kills = disturb(callers, options, random, [&] {
            callers.kill();
            callers.start();
        });
        line.counts = callers.finish();
    } else {
        Load load{stage.address(), options.threads, scene.keys};
        line.kills = disturb(load, options, random, [&] { stage.fail(); });
        line.counts = load.finish();
    }
    line.totals = stage.totals(line.counts.calls);
    line.healing = stage.healing();
    stage.end();
    return line;
}

void print(const Line& line) {
    std::string failures;
    for (const auto& [code, count] : line.counts.failures) {
        failures += fmt::format(" {}={}", name_of(code), count);
    }
    if (line.scene.has_disk()) {
        failures += fmt::format(" healed<={}ms", line.healing.count());
    }
    fmt::print("{:<8} {:<11} {:<11} {:<5} {:>6} {:>8} {:>9} {:>5} {:>8} {:>5} {:>7}{}\n",
               line.scene.way, line.scene.store, line.scene.victim,
               line.scene.keys == Keys::none ? "no" : "yes", line.kills, line.counts.calls,
               line.counts.answered, line.lost(), line.totals.doubled, line.counts.hung,
               line.counts.tries, failures);
    std::fflush(stdout);
}

int run_all(const Options& options) {
    fmt::print("seed {}\n", options.seed);
    fmt::print("{:<8} {:<11} {:<11} {:<5} {:>6} {:>8} {:>9} {:>5} {:>8} {:>5} {:>7}\n", "over",
               "store", "fails", "keys", "times", "calls", "answered", "lost", "doubled", "hung",
               "again");
    bool is_right = true;
    int number = 0;
    std::set<std::string> skipped;
    for (const std::string& store : options.stores) {
        for (const std::string& victim : options.victims) {
            for (const std::string& way : options.ways) {
                for (const Keys keys : {Keys::one_each, Keys::none}) {
                    const Scene scene{way, store, victim, keys};
                    if (!scene.is_possible()) {
                        continue;
                    }
                    if (scene.has_disk() && !Disk::is_permitted()) {
                        skipped.insert(victim);
                        continue;
                    }
                    const Line line = run(scene, options, ++number);
                    print(line);
                    is_right = is_right && line.is_right();
                }
            }
        }
    }
    for (const std::string& victim : skipped) {
        fmt::print("skipped: {}: this user may not mount a file system in a namespace of its own\n",
                   victim);
    }
    fmt::print("{}\n", is_right ? "nothing lost, nothing twice, nothing hung"
                                : "the ledger does not come out even");
    return !is_right ? 1 : skipped.empty() ? 0 : skipped_some;
}

int run_program(int count, char** arguments) {
    if (count == 5 && std::string_view{arguments[1]} == "callers") {
        return Callers::run(arguments[2], std::stoul(arguments[3]), arguments[4]);
    }
    Options options;
    CLI::App program{
        "Have servers, clients and what is between them fail under load, and account "
        "for every call."};
    program.add_option("--kills", options.kills, "How often, in each run")->capture_default_str();
    program.add_option("--threads", options.threads, "Callers at once")->capture_default_str();
    program.add_option("--seed", options.seed, "Of the instants");
    program.add_option("--over", options.ways, "tcp, zmq, classic and quorum (RabbitMQ's queues)")
        ->delimiter(',');
    program.add_option("--store", options.stores, "sqlite and postgresql")->delimiter(',');
    program
        .add_option("--kill", options.victims,
                    "server, client, proxy, buffer (a proxy with one), network (resets, ends, "
                    "freezes, trickles, latency), broker, postgresql, store (the network before "
                    "it), disk (of the store: full, read-only, away) and buffer-disk")
        ->delimiter(',')
        ->check(CLI::IsMember({"server", "client", "proxy", "buffer", "network", "broker",
                               "postgresql", "store", "disk", "buffer-disk"}));
    CLI11_PARSE(program, count, arguments);
    return run_all(options);
}

}  // namespace
}  // namespace warren::faults

int main(int count, char** arguments) {
    try {
        return warren::faults::run_program(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
