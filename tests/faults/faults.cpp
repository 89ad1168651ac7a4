// Kills what serves calls at random instants while clients place orders, and accounts for every one
// of them; see scripts/faults.
#include "faults/free_port.hpp"
#include "faults/load.hpp"
#include "faults/service.hpp"
#include "support/postgresql.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace warren::faults {
namespace {

using namespace std::chrono_literals;

struct Options {
    std::size_t kills = 20;
    std::size_t threads = 16;
    std::uint64_t seed = std::random_device{}();
    std::vector<std::string> ways{"tcp", "zmq", "classic", "quorum"};
    std::vector<std::string> stores{"sqlite"};
    std::vector<std::string> victims{"server"};
};

/// What is run once.
struct Scene {
    std::string way;
    std::string store;
    std::string victim;
    Keys keys = Keys::one_each;
};

test::RabbitMq& broker() {
    static test::RabbitMq broker;
    return broker;
}

/// Where the service listens, and is called.
std::string address_for(const std::string& way, int number) {
    if (way == "tcp") {
        return fmt::format("tcp://127.0.0.1:{}", free_port());
    }
    if (way == "zmq") {
        return fmt::format("zmq+tcp://127.0.0.1:{}", free_port());
    }
    return fmt::format("{}?queue=orders_{}", broker().uri(), number);
}

std::vector<std::string> arguments_of(const Scene& scene, const std::string& store,
                                      const std::string& address) {
    if (scene.way == "classic") {
        return {"--classic", store, address};
    }
    return {store, address};
}

/// One line of the ledger.
struct Line {
    Scene scene;
    std::size_t kills = 0;
    Load::Counts counts;
    std::uint64_t orders = 0;
    std::uint64_t doubled = 0;
    std::uint64_t sold = 0;

    std::uint64_t lost() const { return counts.answered - std::min(counts.answered, orders); }
    bool is_right() const {
        const bool is_whole = counts.hung == 0 && lost() == 0;
        return scene.keys == Keys::none
                   ? is_whole
                   : is_whole && doubled == 0 && orders == counts.calls && sold == counts.calls;
    }
};

/// One run: so many kills at random instants under a load that asks again.
Line run(const Scene& scene, const Options& options, int number) {
    const test::TemporaryDirectory directory;
    std::optional<test::PostgreSql> postgresql;
    if (scene.store == "postgresql") {
        postgresql.emplace();
    }
    const std::string store =
        postgresql ? postgresql->make_database() : directory.file("orders.db");
    const std::string address = address_for(scene.way, number);
    Service service{arguments_of(scene, store, address), directory.file("log")};
    Client operator_{address, {.timeout = 30s}};
    operator_.call("set_up", Dynamic::map({{"stock", 1'000'000}}));

    std::mt19937_64 random{options.seed + static_cast<std::uint64_t>(number)};
    std::uniform_int_distribution<std::uint64_t> calls_between{1, 60};
    std::uniform_int_distribution<int> instant_us{0, 3'000};
    Line line{.scene = scene};
    {
        Load load{address, options.threads, scene.keys};
        load.await_more(options.threads);
        for (; line.kills < options.kills; ++line.kills) {
            load.await_more(calls_between(random));
            // Somewhere between two answers.
            const auto instant =
                std::chrono::steady_clock::now() + std::chrono::microseconds{instant_us(random)};
            while (std::chrono::steady_clock::now() < instant) {
            }
            if (scene.victim == "server") {
                service.kill();
                service.start();
            } else if (scene.victim == "broker") {
                broker().kill();
                broker().start();
            } else {
                postgresql->kill();
                postgresql->start();
            }
        }
        load.await_more(options.threads);
        line.counts = load.finish();
    }
    const Dynamic totals = operator_.call("totals", {});
    line.orders = static_cast<std::uint64_t>(totals["orders"].as_int64());
    line.doubled = static_cast<std::uint64_t>(totals["doubled"].as_int64());
    line.sold = static_cast<std::uint64_t>(totals["sold"].as_int64());
    if (const int code = service.terminate(); code != 0) {
        throw std::runtime_error{fmt::format("the order service ended with {}", code)};
    }
    return line;
}

void print(const Line& line) {
    std::string failures;
    for (const auto& [code, count] : line.counts.failures) {
        failures += fmt::format(" {}={}", name_of(code), count);
    }
    fmt::print("{:<8} {:<11} {:<11} {:<5} {:>6} {:>8} {:>9} {:>5} {:>8} {:>5} {:>7}{}\n",
               line.scene.way, line.scene.store, line.scene.victim,
               line.scene.keys == Keys::none ? "no" : "yes", line.kills, line.counts.calls,
               line.counts.answered, line.lost(), line.doubled, line.counts.hung, line.counts.tries,
               failures);
    std::fflush(stdout);
}

int run_all(const Options& options) {
    fmt::print("seed {}\n", options.seed);
    fmt::print("{:<8} {:<11} {:<11} {:<5} {:>6} {:>8} {:>9} {:>5} {:>8} {:>5} {:>7}\n", "over",
               "store", "killed", "keys", "kills", "calls", "answered", "lost", "doubled", "hung",
               "again");
    bool is_right = true;
    int number = 0;
    for (const std::string& store : options.stores) {
        for (const std::string& victim : options.victims) {
            for (const std::string& way : options.ways) {
                const bool is_brokerless = way == "tcp" || way == "zmq";
                if ((victim == "broker" && is_brokerless) ||
                    (victim == "postgresql" && store != "postgresql")) {
                    continue;
                }
                for (const Keys keys : {Keys::one_each, Keys::none}) {
                    if (keys == Keys::none && (way != "tcp" || victim != "server")) {
                        continue;  // what happens without, once, to compare with
                    }
                    const Line line = run({way, store, victim, keys}, options, ++number);
                    print(line);
                    is_right = is_right && line.is_right();
                }
            }
        }
    }
    fmt::print("{}\n", is_right ? "nothing lost, nothing twice, nothing hung"
                                : "the ledger does not come out even");
    return is_right ? 0 : 1;
}

}  // namespace
}  // namespace warren::faults

int main(int count, char** arguments) {
    warren::faults::Options options;
    CLI::App program{"Kill servers, brokers and databases under load, and account for every call."};
    program.add_option("--kills", options.kills, "How often, in each run")->capture_default_str();
    program.add_option("--threads", options.threads, "Callers at once")->capture_default_str();
    program.add_option("--seed", options.seed, "Of the instants");
    program.add_option("--over", options.ways, "tcp, zmq, classic and quorum (RabbitMQ's queues)")
        ->delimiter(',');
    program.add_option("--store", options.stores, "sqlite and postgresql")->delimiter(',');
    program.add_option("--kill", options.victims, "server, broker and postgresql")->delimiter(',');
    CLI11_PARSE(program, count, arguments);
    try {
        return warren::faults::run_all(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
