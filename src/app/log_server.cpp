#include "app/address_option.hpp"
#include "app/call_log/call_log_server.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/serving.hpp"
#include "app/state_directory.hpp"
#include "core/duration.hpp"

#include <systemd/sd-daemon.h>

#include <cstdio>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

struct LogServerOptions {
    CallLogServer::Options server{};
    std::string sqlite;
    std::string postgresql;
    std::string keep = "1080h";
    std::string api_token;
    std::string password;
};

/// err  what to tell the user
std::expected<CallLogSecrets, std::string> read_log_secrets(const LogServerOptions& options) {
    auto token = read_at_file(options.api_token);
    auto password = token ? read_at_file(options.password) : std::unexpected{token.error()};
    if (!password) {
        return std::unexpected{password.error()};
    }
    if (token->empty() || password->empty()) {
        return std::unexpected{
            "give --api-token, which servers send, and --password, which people type: neither may "
            "be empty"};
    }
    return CallLogSecrets{.api_token = std::move(*token), .password = std::move(*password)};
}

/// The file of a log that has no other.
std::expected<std::string, std::string> log_file_default() {
    const auto directory = state_directory(own_environment);
    if (!directory) {
        return std::unexpected{"a log needs a file: name one with --sqlite"};
    }
    std::error_code error;
    std::filesystem::create_directories(*directory, error);
    return (*directory / "call-log.db").string();
}

std::expected<CallLogStore, std::string> open_store(const LogServerOptions& options) {
    std::expected<std::unique_ptr<LogDatabase>, Failure> database;
    if (!options.postgresql.empty()) {
        auto address = read_at_file(options.postgresql);
        if (!address) {
            return std::unexpected{std::move(address.error())};
        }
        database = open_postgresql_log(std::move(*address));
    } else {
        const auto file = options.sqlite.empty()
                              ? log_file_default()
                              : std::expected<std::string, std::string>{options.sqlite};
        if (!file) {
            return std::unexpected{file.error()};
        }
        database = open_sqlite_log(*file);
    }
    if (!database) {
        return std::unexpected{database.error().message};
    }
    auto store = CallLogStore::open(std::move(*database));
    if (!store) {
        return std::unexpected{std::move(store.error().message)};
    }
    return std::move(*store);
}

int refuse_log(const std::string& problem) {
    std::fprintf(stderr, "error: %s\n", problem.c_str());
    return exit_configuration;
}

int serve_log(LogServerOptions options) {
    const Signals signals;
    const auto keep = core::parse_duration(options.keep);
    if (!keep || keep->count() == 0) {
        return refuse_log("--keep: " + (keep ? "calls are kept for some time, such as 1080h"
                                             : keep.error().message));
    }
    auto secrets = read_log_secrets(options);
    if (!secrets) {
        return refuse_log(secrets.error());
    }
    auto store = open_store(options);
    if (!store) {
        return refuse_log(store.error());
    }
    options.server.keep = *keep;
    options.server.secrets = std::move(*secrets);
    options.server.on_problem = [](const std::string& line) {
        std::fprintf(stderr, "error: %s\n", line.c_str());
    };
    CallLogServer server{options.server, std::move(*store)};
    if (const auto started = server.start(); !started) {
        return refuse_log(started.error().message);
    }
    std::printf("ready %s\n", server.url().c_str());
    std::fflush(stdout);
    sd_notifyf(0, "READY=1\nSTATUS=Log of calls at %s", server.url().c_str());
    signals.wait([&] {
        if (auto fresh = read_log_secrets(options)) {
            server.renew(std::move(*fresh));
            std::fprintf(stderr, "info: the token and the password are read again\n");
        } else {
            std::fprintf(stderr, "error: not reloaded: %s\n", fresh.error().c_str());
        }
    });
    sd_notify(0, "STOPPING=1");
    return exit_success;
}

}  // namespace

void add_log_server(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "log-server",
        "Keep the requests and responses of servers (log_server), and show them on pages; SIGHUP "
        "reads token and password again.");
    const auto options = std::make_shared<LogServerOptions>();
    command->add_option("--host", options->server.host, "Where to listen; *, at every address")
        ->capture_default_str();
    command->add_option("--port", options->server.port, "The port; 0: a free one")
        ->capture_default_str();
    auto* const sqlite =
        command
            ->add_option("--sqlite", options->sqlite,
                         "The file to keep calls in (default: call-log.db in STATE_DIRECTORY or "
                         "~/.local/state/warren)")
            ->type_name(value_name::file);
    command
        ->add_option("--postgresql", options->postgresql,
                     "The database to keep calls in instead, as libpq has it; @FILE reads a file")
        ->envname("WARREN_LOG_POSTGRESQL")
        ->excludes(sqlite)
        ->type_name(value_name::secret);
    command->add_option("--keep", options->keep, "How long calls are kept; 1080h are 45 days")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command
        ->add_option("--api-token", options->api_token,
                     "What servers send as X-API-Token, or with @FILE what is there")
        ->envname("WARREN_LOG_API_TOKEN")
        ->type_name(value_name::secret);
    command
        ->add_option("--password", options->password,
                     "What opens the pages, for any user, or with @FILE what is there")
        ->envname("WARREN_LOG_PASSWORD")
        ->type_name(value_name::secret);
    command
        ->add_option("--body-bytes-max", options->server.body_bytes_max,
                     "What is refused above: the bytes of one request or response")
        ->capture_default_str();
    command->callback([&action, options] { action = [options] { return serve_log(*options); }; });
}

}  // namespace warren::app
