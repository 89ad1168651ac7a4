#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/log.hpp"
#include "app/methods_loading.hpp"
#include "core/duration.hpp"

namespace warren::app {
namespace {

/// What a handler gets, at the end, to heed its stop token.
constexpr std::chrono::milliseconds stop_grace{2'000};

/// Signals this close together are one request to end.
constexpr std::chrono::milliseconds same_signal{20};

struct ServeOptions {
    std::optional<std::string> config_file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
};

/// SIGTERM, SIGINT and SIGHUP, taken by asking and not by interruption.
class Signals {
public:
    /// Before any thread starts, so that all inherit it.
    Signals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }

    /// Wait for the request to end; each SIGHUP until then calls a function.
    template <typename OnHangUp>
    void wait(const OnHangUp& on_hang_up) const {
        for (;;) {
            int number = 0;
            if (sigwait(&set_, &number) != 0) {
                continue;
            }
            if (number != SIGHUP) {
                return;
            }
            on_hang_up();
        }
    }

    /// From now on a signal ends the process where it stands; brokers deliver again what was not
    /// acknowledged. One that follows at once is the first one again: some supervisors signal a
    /// process and then its group.
    void end_at_next() const {
        std::thread{[set = set_] {
            const auto first = std::chrono::steady_clock::now();
            for (;;) {
                int number = 0;
                if (sigwait(&set, &number) == 0 && number != SIGHUP &&
                    std::chrono::steady_clock::now() - first > same_signal) {
                    _exit(128 + number);
                }
            }
        }}.detach();
    }

private:
    sigset_t set_{};
};

int report(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
        std::fprintf(stderr, "error: %s\n", problem.c_str());
    }
    return exit_configuration;
}

void say_ready(const Server& server, Log& log) {
    std::string listeners;
    bool has_address_of_its_own = false;
    for (const std::string& listener : server.listeners()) {
        log.info("consuming " + listener);
        listeners += (listeners.empty() ? "" : "; ") + listener;
        has_address_of_its_own |= !listener.starts_with("amqp") && !listener.starts_with("memory");
    }
    if (const std::string admin = server.admin_address(); !admin.empty()) {
        log.info("metrics and health at http://" + admin);
        listeners += "; http://" + admin + " admin";
        has_address_of_its_own = true;
    }
    // Whoever asked for a free port learns of it here; where a broker is, the configuration says.
    std::puts(has_address_of_its_own ? ("ready " + listeners).c_str() : "ready");
    std::fflush(stdout);
    std::clearerr(stdout);  // nobody may be listening, which is no failure of serving
    sd_notifyf(0, "READY=1\nSTATUS=Serving %s", listeners.c_str());
}

void reload(Server& server, Log& log) {
    const std::vector<Failure> failures = server.reload_certificates();
    for (const Failure& failure : failures) {
        log.error("a certificate stays as it was: " + failure.message);
    }
    if (failures.empty()) {
        log.info("certificates are read again");
    }
}

int drain(Server& server, std::chrono::milliseconds timeout, Log& log) {
    sd_notify(0, "STOPPING=1\nSTATUS=Draining");
    log.info("draining: no new requests, up to " + core::to_string(timeout) +
             " for those that run (a second signal ends at once)");
    if (server.drain(timeout)) {
        log.info("drained: every request was answered");
        return exit_success;
    }
    log.error("not drained in time: the rest is left unanswered; a broker delivers it again");
    if (!server.stop_now(stop_grace)) {
        // Handlers still run and cannot be ended: only the process can.
        log.error("some handlers ignore their stop token");
        _exit(exit_not_drained);
    }
    return exit_not_drained;
}

int serve(const ServeOptions& options) {
    const Signals signals;
    const std::string file = config_file(options.config_file);
    auto config = load_config(file, options.virtual_host);
    if (!config) {
        return report(config.error());
    }
    const std::shared_ptr<Log> log = make_log(config->log_level, config->log_format);
    config->server.log = log;
    Server server{config->server};
    if (const auto problems = load_methods(*config, options.modules, server.methods());
        !problems.empty()) {
        return report(problems);
    }
    for (const std::string& note : config->notes) {
        log->warning(note);
    }
    try {
        for (const ConfiguredListener& listener : config->listeners) {
            server.listen(listener.options);
        }
        server.on_ready([&server, log] { say_ready(server, *log); });
        server.on_shutdown([] { kill(getpid(), SIGTERM); });
        sd_notify(0, "STATUS=Connecting");
        server.start();
    } catch (const Error& error) {
        const bool has_place = error.message().starts_with(file + ":");
        return report({has_place ? error.message() : file + ": " + error.message()});
    }
    signals.wait([&server, &log] { reload(server, *log); });
    signals.end_at_next();
    return drain(server, config->server.drain_timeout, *log);
}

}  // namespace

void add_serve(CLI::App& program, Action& action) {
    CLI::App* command =
        program.add_subcommand("serve", "Serve the methods of modules as a configuration says.");
    const auto options = std::make_shared<ServeOptions>();
    command->add_option("--config,--config-file-path", options->config_file,
                        "The configuration (default: CONFIG_FILE_PATH of the environment, then "
                        "/etc/warren/warren.yml)");
    command->add_option("--virtual-host-name", options->virtual_host,
                        "Serve this one of the configuration's virtual hosts alone");
    command
        ->add_option("--modules", options->modules,
                     "A directory of modules, beside the configuration's; may be repeated")
        ->allow_extra_args(false);
    command->callback([&action, options] { action = [options] { return serve(*options); }; });
}

}  // namespace warren::app
