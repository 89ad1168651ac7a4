#include "app/serving.hpp"

#include "app/exit_code.hpp"
#include "app/watchdog.hpp"
#include "endpoint/ending.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

/// What the log gets to be written before the process ends where it stands.
constexpr std::chrono::milliseconds last_words_max{500};

/// Nobody may be listening, or read what is there, which is no failure of serving: nothing waits.
void write_to_standard_output(std::string line) {
    std::thread{[line = std::move(line)] {
        static_cast<void>(!write(STDOUT_FILENO, line.data(), line.size()));
    }}.detach();
}

void report_ready(const Server& server, const std::string& docs_url, Log& log) {
    std::string listeners;
    bool has_address_of_its_own = false;
    bool has_proxy = false;
    for (const std::string& listener : server.listeners()) {
        log.info("consuming " + listener);
        listeners += (listeners.empty() ? "" : "; ") + listener;
        has_address_of_its_own |= !listener.starts_with("amqp") && !listener.starts_with("memory");
        has_proxy |= listener.contains(" forwards to ");
    }
    if (const std::string admin = server.admin_address(); !admin.empty()) {
        const std::string url = (admin.starts_with("unix:") ? "" : "http://") + admin;
        log.info("metrics and health at " + url);
        listeners += "; " + url + " admin";
        has_address_of_its_own = true;
    }
    if (!docs_url.empty()) {
        log.info("documentation at " + docs_url);
        listeners += "; " + docs_url + " docs";
        has_address_of_its_own = true;
    }
    // Whoever asked for a free port learns of it here; where a broker is, the configuration says.
    write_to_standard_output(has_address_of_its_own || has_proxy ? "ready " + listeners + '\n'
                                                                 : "ready\n");
    sd_notifyf(0, "READY=1\nSTATUS=Serving %s", listeners.c_str());
}

/// Whoever supervises the process waits for its end. Before everything is ready nobody is told:
/// that would say that it is.
void reload(bool is_ready, const std::function<void()>& read_again) {
    constexpr auto us_per_s = 1'000'000ULL;
    constexpr auto ns_per_us = 1'000ULL;
    if (is_ready) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                   static_cast<unsigned long long>(now.tv_sec) * us_per_s +
                       static_cast<unsigned long long>(now.tv_nsec) / ns_per_us);
    }
    read_again();
    if (is_ready) {
        sd_notify(0, "READY=1");
    }
}

int drain(Server& server, const RunOptions& options, endpoint::LogQueue& log) {
    sd_notify(0, "STOPPING=1\nSTATUS=Draining");
    switch (endpoint::end_serving(server, options.drain_timeout(), log)) {
    case endpoint::Ending::drained:
        return exit_success;
    case endpoint::Ending::requeued:
        return exit_not_drained;
    case endpoint::Ending::cut_off:
        break;
    }
    if (options.cut_off) {
        options.cut_off();
    }
    log.flush(last_words_max);
    _exit(exit_not_drained);
}

}  // namespace

Signals::Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

void Signals::release() const noexcept {
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

void Signals::end_at_next() const {
    std::thread{[set = set_] {
        const auto first = std::chrono::steady_clock::now();
        for (;;) {
            int number = 0;
            if (sigwait(&set, &number) == 0 && number != SIGHUP &&
                std::chrono::steady_clock::now() - first > endpoint::same_signal) {
                _exit(128 + number);
            }
        }
    }}.detach();
}

int run_server(Server& server, const Signals& signals,
               const std::shared_ptr<endpoint::LogQueue>& log, const RunOptions& options) {
    // It is ready when all listeners consume and the documentation tells of them, whichever is
    // last.
    struct Readiness {
        std::atomic<int> missing = 2;
        std::string docs_url;
    };
    const auto readiness = std::make_shared<Readiness>();
    const auto report = [&server, log, readiness] {
        if (--readiness->missing == 0) {
            report_ready(server, readiness->docs_url, *log);
        }
    };
    server.on_ready(report);
    server.on_shutdown([] { kill(getpid(), SIGTERM); });
    sd_notify(0, "STATUS=Connecting");
    server.start();
    const Watchdog watchdog{server};
    if (options.documented) {
        readiness->docs_url = options.documented();
    }
    report();
    signals.wait([&] {
        reload(readiness->missing <= 0,
               [&] { options.reload ? options.reload() : log->info("reloaded: nothing changed"); });
    });
    signals.end_at_next();
    return drain(server, options, *log);
}

}  // namespace warren::app
