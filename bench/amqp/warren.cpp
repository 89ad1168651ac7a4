// The echo as a user of Warren writes it: a model on both sides, validated on both sides, requests
// mandatory and confirmed, a deadline on every call.
//
//   warren [callme] server PORT PREFETCH [worker]
//   warren [callme] client PORT IN_FLIGHT SECONDS
//   warren [callme] count PORT IN_FLIGHT CALLS...  pause after so many calls, until a line comes in

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "common/measure.hpp"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Echo {
    std::string value;
};
WARREN_MODEL(Echo, (value, min_length(1), max_length(1024)))
WARREN_CONTRACT(echo_method, "bench_echo", Echo, Echo)

enum class Protocol : std::uint8_t { cyberfusion, callme };

std::string broker(const char* port) {
    return std::string{"amqp://guest:guest@127.0.0.1:"} + port + "/";
}

std::string address(const char* port, Protocol protocol) {
    return broker(port) + (protocol == Protocol::callme ? "?protocol=callme&server_id=bench_warren"
                                                        : "?queue=bench_warren");
}

warren::ListenerOptions listener_of(const char* port, Protocol protocol) {
    if (protocol == Protocol::cyberfusion) {
        return {.url = broker(port), .queue = {.name = "bench_warren"}};
    }
    return {.url = broker(port),
            .protocol = "callme",
            .callme = {.server_id = "bench_warren", .threaded = true}};
}

void serve(const char* port, const char* prefetch, bool on_workers, Protocol protocol) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    warren::Server server;
    warren::MethodOptions method =
        server.method("bench_echo", [](const Echo& request) { return request; });
    if (!on_workers) {
        method.run_on_io_thread();
    }
    warren::ListenerOptions listener = listener_of(port, protocol);
    listener.max_simultaneous_requests = std::strtoul(prefetch, nullptr, 10);
    server.listen(listener);
    server.on_ready([] {
        std::puts("ready");
        std::fflush(stdout);
    });
    server.start();
    int signal = 0;
    sigwait(&signals, &signal);
    std::printf("{\"server_cpu_s\":%.6f,\"server_peak_kib\":%ld}\n", warren::bench::cpu_seconds(),
                warren::bench::peak_memory_kib());
    std::fflush(stdout);
    server.stop();
}

/// Keeps one call in flight: the next starts where the last completes, as long as
/// `goes_on(sent, received)` says so.
class Caller {
public:
    template <typename GoesOn>
    void start(warren::Client& client, GoesOn& goes_on, std::counting_semaphore<>& finished) {
        sent_ = warren::bench::Clock::now();
        client.start_call<echo_method>(
            request_, [&, this](std::expected<Echo, warren::Failure> reply) {
                if (!reply || reply->value != request_.value) {
                    std::fprintf(stderr, "%s\n",
                                 reply ? "another value" : to_string(reply.error()).c_str());
                    std::exit(1);
                }
                if (goes_on(sent_, warren::bench::Clock::now())) {
                    start(client, goes_on, finished);
                } else {
                    finished.release();
                }
            });
    }

private:
    const Echo request_{"0123456789012345678901234567890123456789012345678"};
    warren::bench::Clock::time_point sent_{};
};

template <typename GoesOn>
void keep_calling(warren::Client& client, std::size_t in_flight, GoesOn goes_on) {
    std::counting_semaphore<> finished{0};
    std::vector<Caller> callers(in_flight);
    for (Caller& caller : callers) {
        caller.start(client, goes_on, finished);
    }
    for (std::size_t at = 0; at < in_flight; ++at) {
        finished.acquire();
    }
}

void call(const char* port, std::size_t in_flight, double seconds, Protocol protocol) {
    warren::Client client{address(port, protocol)};
    warren::bench::Measurement measurement{0.5, seconds};
    keep_calling(client, in_flight,
                 [&](auto sent, auto received) { return measurement.record(sent, received); });
    measurement.print();
}

/// Calls up to each count, says so, and waits for a line.
void count_calls(const char* port, std::size_t in_flight, std::span<char* const> counts,
                 Protocol protocol) {
    warren::Client client{address(port, protocol)};
    std::size_t calls = 0;
    for (const char* text : counts) {
        // The last ones in flight complete beyond the count.
        const std::size_t calls_max = std::strtoul(text, nullptr, 10);
        keep_calling(client, in_flight, [&](auto, auto) { return ++calls < calls_max; });
        std::puts(text);
        std::fflush(stdout);
        std::getchar();
    }
}

}  // namespace

int main(int count, char** arguments) {
    Protocol protocol = Protocol::cyberfusion;
    if (count > 1 && std::string_view{arguments[1]} == "callme") {
        protocol = Protocol::callme;
        --count;
        ++arguments;
    }
    const std::string_view role = count > 1 ? arguments[1] : "";
    if (role == "server" && count >= 4) {
        serve(arguments[2], arguments[3], count > 4, protocol);
    } else if (role == "client" && count == 5) {
        call(arguments[2], std::strtoul(arguments[3], nullptr, 10), std::atof(arguments[4]),
             protocol);
    } else if (role == "count" && count >= 5) {
        count_calls(arguments[2], std::strtoul(arguments[3], nullptr, 10),
                    std::span{arguments + 4, static_cast<std::size_t>(count) - 4}, protocol);
    } else {
        std::fprintf(
            stderr,
            "warren [callme] server PORT PREFETCH [worker] | client PORT IN_FLIGHT SECONDS | "
            "count PORT IN_FLIGHT CALLS...\n");
        return 2;
    }
}
