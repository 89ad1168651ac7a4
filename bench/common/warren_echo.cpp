// The echo as a user of Warren writes it: a model on both sides, validated on both sides, a
// deadline on every call.
//
// Modes of the server: worker, spin, auth, metrics, access_log, tracing=SHARE (of traces that are
// recorded, for OTEL_EXPORTER_OTLP_ENDPOINT), tls=CERTIFICATE (its key beside it,
// as .key), store=DIRECTORY (for a store in a file of its own)
// Modes of the client: blocking, spin, auth, tracing=SHARE, tls=CA, keyed (each call under a key)
// Modes of both: zmq, pyzmqrpc (over ZeroMQ)

#include <warren/client.hpp>
#include <warren/middleware.hpp>
#include <warren/server.hpp>
#include <warren/tracing.hpp>

#include "contender.hpp"

#include <pthread.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

struct Echo {
    std::string value;
};
WARREN_MODEL(Echo, (value, min_length(value_length_min), max_length(value_length_max)))
WARREN_CONTRACT(echo_method, "bench_echo", Echo, Echo)

constexpr std::chrono::microseconds spin_max{50};
const std::string auth_secret = "bench:a-secret-of-thirty-two-characters-or-so";

/// Where lines go that are made, and not written.
class NoLog final : public warren::Log {
    void write(warren::LogLevel, std::string_view) override {}
};

/// out  null: no tracing is asked for
std::shared_ptr<warren::Tracer> make_tracer(const Modes& modes) {
    const std::string share{modes.value("tracing")};
    return share.empty() ? nullptr
                         : warren::make_tracer({.service = "echo", .sample = std::stod(share)});
}

/// The port at the end of "tcp://127.0.0.1:40123 methods=1".
unsigned port_of(std::string_view listener) {
    const std::string_view address = listener.substr(0, listener.find(' '));
    const std::string_view digits = address.substr(address.rfind(':') + 1);
    unsigned port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

std::string address_of(const std::string& place, const Modes& modes) {
    if (modes.has("pyzmqrpc")) {
        return "zmq+tcp://" + place + "?protocol=pyzmqrpc";
    }
    const std::string scheme = modes.has("zmq")             ? "zmq+tcp"
                               : modes.value("tls").empty() ? "tcp"
                                                            : "tls";
    return scheme + "://" + place;
}

void serve(const Modes& modes) {
    // Blocked before the server's threads begin, so that none of them is interrupted.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    warren::ServerOptions options{.spin_max = modes.has("spin") ? spin_max : spin_max.zero()};
    if (modes.has("metrics")) {
        options.admin_address = "127.0.0.1:0";
    }
    if (const std::string directory{modes.value("store")}; !directory.empty()) {
        options.store.sqlite = directory + "/echo-" + std::to_string(getpid()) + ".db";
    }
    warren::Server server{std::move(options)};
    if (modes.has("access_log")) {
        server.use(warren::access_log(std::make_shared<NoLog>()));
    }
    if (auto tracer = make_tracer(modes)) {
        server.use(warren::server_tracing(std::move(tracer)));
    }
    warren::MethodOptions method =
        server.method("bench_echo", [](const Echo& request) { return request; });
    if (!modes.has("worker")) {
        method.run_on_io_thread();
    }
    warren::ListenerOptions listener{.url = address_of("127.0.0.1:0", modes)};
    if (modes.has("auth")) {
        listener.auth_secrets = {auth_secret};
    }
    if (const std::string certificate{modes.value("tls")}; !certificate.empty()) {
        const std::string key = certificate.substr(0, certificate.rfind('.')) + ".key";
        listener.tcp.tls = {.certificate_file = certificate, .key_file = key};
    }
    server.listen(listener);
    server.start();
    announce(port_of(server.listeners().front()));
    int signal = 0;
    sigwait(&signals, &signal);
    server.stop();
}

warren::Client make_client(const Load& load, const Modes& modes) {
    const std::string_view ca = modes.value("tls");
    std::string address = address_of("127.0.0.1:" + std::to_string(load.port), modes);
    address += modes.has("pyzmqrpc") ? '&' : '?';
    address += "connections=" + std::to_string(load.connections);
    if (!ca.empty()) {
        address += "&ca=" + std::string{ca};
    }
    warren::ClientOptions options{.spin_max = modes.has("spin") ? spin_max : spin_max.zero()};
    if (modes.has("auth")) {
        options.auth_secrets = {auth_secret};
    }
    return warren::Client{address, std::move(options)};
}

/// Keeps one call in flight: the next starts where the last completes.
class Caller {
public:
    void start(warren::Client& client, Measurement& measurement,
               std::counting_semaphore<>& finished) {
        sent_ = measurement.start();
        if (is_keyed_) {
            options_.idempotency_key = prefix_ + std::to_string(++number_);
        }
        client.start_call<echo_method>(
            request_,
            [&, this](std::expected<Echo, warren::Failure> reply) {
                if (!reply) {
                    give_up(to_string(reply.error()));
                }
                require(reply->value == request_.value, "another value");
                if (measurement.finish(sent_)) {
                    start(client, measurement, finished);
                } else {
                    finished.release();
                }
            },
            is_keyed_ ? options_ : warren::CallOptions::none());
    }
    void use_keys() { is_keyed_ = true; }

private:
    bool is_keyed_ = false;
    const std::string prefix_ = to_string(warren::Uuid::random()) + ' ';
    std::uint64_t number_ = 0;
    warren::CallOptions options_;
    const Echo request_{std::string{echoed}};
    Clock::time_point sent_{};
};

void call_blocking(warren::Client& client, Measurement& measurement) {
    const Echo request{std::string{echoed}};
    for (bool goes_on = true; goes_on;) {
        const Clock::time_point sent = measurement.start();
        const Echo reply = client.call<echo_method>(request);
        require(reply.value == request.value, "another value");
        goes_on = measurement.finish(sent);
    }
}

void call_chained(warren::Client& client, Measurement& measurement, std::size_t callers_count,
                  bool is_keyed) {
    std::counting_semaphore<> finished{0};
    std::vector<Caller> callers(callers_count);
    for (Caller& caller : callers) {
        if (is_keyed) {
            caller.use_keys();
        }
    }
    // On the client's thread, as all that follow: the measurement is of one thread.
    const Echo request{std::string{echoed}};
    client.start_call<echo_method>(request, [&](const std::expected<Echo, warren::Failure>&) {
        for (Caller& caller : callers) {
            caller.start(client, measurement, finished);
        }
    });
    for (std::size_t at = 0; at < callers_count; ++at) {
        finished.acquire();
    }
}

void call(const Load& load, const Modes& modes) {
    warren::Client client = make_client(load, modes);
    if (auto tracer = make_tracer(modes)) {
        client.use(warren::client_tracing(std::move(tracer)));
    }
    Measurement measurement = load.measurement();
    if (modes.has("blocking")) {
        call_blocking(client, measurement);
    } else {
        call_chained(client, measurement, load.callers(), modes.has("keyed"));
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
