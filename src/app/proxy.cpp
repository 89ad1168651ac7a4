#include <warren/server.hpp>
#include <warren/tracing.hpp>

#include "app/address_option.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/log.hpp"
#include "app/proxy_buffer.hpp"
#include "app/serving.hpp"
#include "core/duration.hpp"
#include "endpoint/address/address.hpp"

#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct ProxyCommand {
    std::string from;
    std::string to;
    std::vector<std::string> methods;
    std::string name;
    std::string admin;
    std::string collector;
    std::string timeout = "60s";
    std::string drain_timeout = "30s";
    std::string buffer_file;
    bool is_buffered = false;
    bool drops_replies = false;
    bool one_way = false;
    bool is_verbose = false;
};

int report(const Signals& signals, const std::string& message, ExitCode code) {
    signals.release();
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return code;
}

/// err  what to tell the user
std::expected<ForwardOptions, std::string> forward_options(const ProxyCommand& command,
                                                           const ListenerOptions& from) {
    const auto timeout = core::parse_duration(command.timeout);
    if (!timeout) {
        return std::unexpected{"--timeout: " + timeout.error().message};
    }
    ForwardOptions to{
        .to = command.to,
        .name = command.name,
        .replies = command.drops_replies ? ForwardReplies::dropped : ForwardReplies::carried,
        .calls = command.one_way ? ForwardCalls::one_way : ForwardCalls::answered,
        .client = {.timeout = *timeout}};
    if (command.is_buffered) {
        to.buffer = BufferOptions{.file = command.buffer_file};
    }
    if (const auto chosen = choose_buffer_file(from, to); !chosen) {
        return std::unexpected{chosen.error()};
    }
    return to;
}

/// Read both, from where the command says that they are.
/// err  which of the two cannot be, and why
std::expected<void, std::string> read_addresses(ProxyCommand& command) {
    using endpoint::AddressRole;
    const auto read = [](std::string& address, AddressRole role,
                         const std::string& option) -> std::expected<void, std::string> {
        auto given = read_address(address);
        if (!given) {
            return std::unexpected{option + ": " + given.error()};
        }
        address = std::move(*given);
        if (const auto parsed = endpoint::parse_address(address, role); !parsed) {
            return std::unexpected{option + ": " + parsed.error().message};
        }
        return {};
    };
    auto done = read(command.from, AddressRole::listener, "--from");
    return done ? read(command.to, AddressRole::client, "--to") : done;
}

int proxy(ProxyCommand command) {
    const Signals signals;
    const auto drain_timeout = core::parse_duration(command.drain_timeout);
    if (!drain_timeout) {
        return report(signals, "--drain-timeout: " + drain_timeout.error().message, exit_usage);
    }
    if (const auto read = read_addresses(command); !read) {
        return report(signals, read.error(), exit_usage);
    }
    const ListenerOptions from{.url = command.from, .methods = command.methods};
    const auto to = forward_options(command, from);
    if (!to) {
        return report(signals, to.error(), exit_usage);
    }
    const std::shared_ptr<endpoint::LogQueue> log =
        make_log(command.is_verbose ? LogLevel::debug : LogLevel::info, LogFormat::text);
    Server server{{.drain_timeout = *drain_timeout, .log = log, .admin_address = command.admin}};
    try {
        if (!command.collector.empty()) {
            server.use(server_tracing(make_tracer({.endpoint = command.collector, .log = log})));
        }
        server.forward(from, *to);
    } catch (const Error& error) {
        return report(signals, error.message(), exit_usage);
    }
    try {
        make_buffer_directory(*to);
        return run_server(server, signals, log, {.drain_timeout = [&] { return *drain_timeout; }});
    } catch (const Error& error) {
        log->flush(std::chrono::milliseconds{100});
        return report(signals, error.message(), exit_failed);
    }
}

}  // namespace

void add_proxy(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "proxy", "Take calls from one address on to another, until a signal ends it.");
    const auto options = std::make_shared<ProxyCommand>();
    command
        ->add_option(
            "--from", options->from,
            "Where calls come in: tcp://HOST:PORT (port 0: a free one) or a protocol's own scheme, "
            "zmq+tcp://HOST:PORT?socket=rep|sub or amqp://...?queue=QUEUE; @FILE reads a file")
        ->type_name(value_name::address)
        ->envname("WARREN_FROM")
        ->required();
    command
        ->add_option("--to", options->to,
                     "Where they go on to: any address of `warren call`; @FILE reads a file")
        ->type_name(value_name::address)
        ->envname("WARREN_TO")
        ->required();
    command
        ->add_option("--method", options->methods,
                     "Take on calls of this method, and of no other; may be repeated")
        ->type_name(value_name::method)
        ->allow_extra_args(false);
    auto* const buffered =
        command->add_flag("--buffered", options->is_buffered,
                          "Answer a call as soon as it is on the disk, and take it on from there, "
                          "however long the other side is away");
    command
        ->add_option("--buffer-file", options->buffer_file,
                     "Where; default: in the state directory, after the proxy's name")
        ->type_name(value_name::file)
        ->needs(buffered);
    command->add_flag("--drop-replies", options->drops_replies,
                      "Answer a plain success, or the failure, instead of the reply");
    command->add_flag("--one-way", options->one_way,
                      "Wait for no answer: a caller's success says that its call is on its way");
    command
        ->add_option("--timeout", options->timeout,
                     "How long to wait for an answer to a call that names no time of its own")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command
        ->add_option("--drain-timeout", options->drain_timeout,
                     "How long calls get to finish after SIGTERM")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command->add_option("--name", options->name,
                        "What it is called in metrics and in the log (default: both addresses)");
    command->add_option("--admin", options->admin,
                        "Show metrics and health over HTTP at HOST:PORT (port 0: a free one)");
    command->add_option("--tracing", options->collector,
                        "Send a span for each call to the collector of OpenTelemetry at this "
                        "http:// or https:// address");
    command->add_flag("--verbose", options->is_verbose, "Log each call, too");
    command->callback([&action, options] { action = [options] { return proxy(*options); }; });
}

}  // namespace warren::app
