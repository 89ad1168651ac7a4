// The echo as a user of Warren writes it: a model on both sides, validated on both sides, requests
// mandatory and confirmed, a deadline on every call.
//
//   warren server PORT PREFETCH [worker]  warren client PORT IN_FLIGHT SECONDS

#include "measure.hpp"

#include <warren/client.hpp>
#include <warren/server.hpp>

#include <csignal>
#include <cstdlib>
#include <semaphore>
#include <string>
#include <string_view>

namespace {

struct Echo {
    std::string value;
};
WARREN_MODEL(Echo, (value, min_length(1), max_length(1024)))
WARREN_CONTRACT(echo_method, "bench_echo", Echo, Echo)

std::string broker(const char* port) {
    return std::string{"amqp://guest:guest@127.0.0.1:"} + port + "/";
}

void serve(const char* port, const char* prefetch, bool on_workers) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    warren::Server server;
    warren::MethodOptions method =
        server.method("bench_echo", [](const Echo& request) { return request; });
    if (!on_workers) {
        method.run_inline();
    }
    warren::ListenerOptions listener{.url = broker(port), .queue = "bench_warren"};
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

/// Keeps one call in flight: the next starts where the last completes.
class Caller {
public:
    void start(warren::Client& client, warren::bench::Measurement& measurement,
               std::counting_semaphore<>& finished) {
        sent_ = warren::bench::Clock::now();
        client.start_call<echo_method>(
            request_, [&, this](std::expected<Echo, warren::Failure> reply) {
                if (!reply || reply->value != request_.value) {
                    std::fprintf(stderr, "%s\n",
                                 reply ? "another value" : to_string(reply.error()).c_str());
                    std::exit(1);
                }
                if (measurement.record(sent_, warren::bench::Clock::now())) {
                    start(client, measurement, finished);
                } else {
                    finished.release();
                }
            });
    }

private:
    const Echo request_{"0123456789012345678901234567890123456789012345678"};
    warren::bench::Clock::time_point sent_{};
};

void call(const char* port, std::size_t in_flight, double seconds) {
    warren::Client client{broker(port) + "?queue=bench_warren"};
    warren::bench::Measurement measurement{0.5, seconds};
    std::counting_semaphore<> finished{0};
    std::vector<Caller> callers(in_flight);
    for (Caller& caller : callers) {
        caller.start(client, measurement, finished);
    }
    for (std::size_t at = 0; at < in_flight; ++at) {
        finished.acquire();
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view role = count > 1 ? arguments[1] : "";
    if (role == "server" && count >= 4) {
        serve(arguments[2], arguments[3], count > 4);
    } else if (role == "client" && count == 5) {
        call(arguments[2], std::strtoul(arguments[3], nullptr, 10), std::atof(arguments[4]));
    } else {
        std::fprintf(stderr,
                     "warren server PORT PREFETCH [worker] | client PORT IN_FLIGHT SECONDS\n");
        return 2;
    }
}
