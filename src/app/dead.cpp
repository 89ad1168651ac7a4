#include "app/dead.hpp"

#include "app/address_option.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>

namespace warren::app {
namespace {

/// As it was given.
struct DeadOptions {
    std::string from;
    std::string dead_letter_queue;
    std::string method;
    std::string reason;
    std::string since;
    std::optional<std::uint64_t> limit;
    OutputOptions output;
    bool yes = false;
};

int wrong_usage(const std::string& message) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return exit_usage;
}

int run_dead(DeadAction action, const DeadOptions& options) {
    if (action == DeadAction::purge && !options.yes) {
        return wrong_usage("purge takes them away for ever: say --yes");
    }
    Output output{options.output};
    DeadCommand command{.action = action,
                        .from = options.from,
                        .queue = options.dead_letter_queue,
                        .filter = {.method = options.method, .reason = options.reason},
                        .output = &output};
    command.filter.count_max = options.limit.value_or(UINT64_MAX);
    if (!options.since.empty()) {
        const auto since = read_since(options.since);
        if (!since) {
            return wrong_usage(since.error());
        }
        command.filter.since_ms = *since;
    }
    const auto address = read_address(options.from);
    if (!address) {
        return wrong_usage("--from: " + address.error());
    }
    if (is_store(*address)) {
        return command.queue.empty()
                   ? dead_in_store(command, *address)
                   : wrong_usage("--dead-letter-queue is of an address of a broker (amqp://...)");
    }
    if (address->contains("://") || address->starts_with("memory:")) {
        return dead_at_broker(command, *address);
    }
    if (!command.queue.empty()) {
        return wrong_usage("--dead-letter-queue is of an address of a broker (amqp://...)");
    }
    return dead_in_file(command);
}

void add_dead_command(CLI::App& dead, Action& action, DeadAction which, const std::string& name,
                      const std::string& description) {
    CLI::App* command = dead.add_subcommand(name, description);
    const auto options = std::make_shared<DeadOptions>();
    command
        ->add_option("--from", options->from,
                     "The served queue's address (amqp://HOST/VHOST?queue=NAME), a server's store "
                     "(its file, or postgresql://...), @FILE with either, or the file of a "
                     "proxy's buffer")
        ->type_name(value_name::address)
        ->required();
    command->add_option("--dead-letter-queue", options->dead_letter_queue,
                        "Where the dead letters are, if not in the queue's name and .dead-letter");
    command->add_option("--method", options->method, "Those of this method alone")
        ->type_name(value_name::method);
    command->add_option("--reason", options->reason, "Those whose reason has this text in it");
    command->add_option("--since", options->since,
                        "Those that died so long ago (2h) at most, or after a time (RFC 3339)");
    command->add_option("--limit", options->limit, "At most so many, the oldest first");
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::json, OutputFormat::yaml}, "One line for each");
    if (which == DeadAction::purge) {
        command->add_flag("--yes", options->yes, "Take them away for ever");
    }
    command->callback([&action, options, which] {
        action = [options, which] { return run_dead(which, *options); };
    });
}

}  // namespace

void print_dead(const DeadCommand& command, const DeadLetter& letter) {
    const bool in_full = command.action == DeadAction::show;
    if (command.output->is_data()) {
        command.output->write_record(record_of(letter, in_full));
    } else {
        std::printf("%s\n", to_text(letter, in_full).c_str());
    }
}

void print_dead_count(const DeadCommand& command, std::uint64_t count) {
    if (command.action != DeadAction::retry && command.action != DeadAction::purge) {
        return;
    }
    const bool is_retry = command.action == DeadAction::retry;
    if (command.output->is_data()) {
        command.output->write_record(Dynamic::map({{is_retry ? "retried" : "purged", count}}));
    } else {
        std::printf("%s\n", fmt::format("{} {}", count, is_retry ? "put back" : "purged").c_str());
    }
}

void add_dead(CLI::App& program, Action& action) {
    CLI::App* dead = program.add_subcommand(
        "dead",
        "Requests that were given up: at a broker, in a server's store, or in the file of a "
        "proxy's buffer.");
    dead->require_subcommand(1);
    add_dead_command(*dead, action, DeadAction::list, "list", "A line for each. Takes none out.");
    add_dead_command(*dead, action, DeadAction::show, "show",
                     "All of each, with its arguments, in which there may be secrets.");
    add_dead_command(*dead, action, DeadAction::retry, "retry",
                     "Put them back where they were, as if they had come now.");
    add_dead_command(*dead, action, DeadAction::purge, "purge", "Take them away for ever.");
}

}  // namespace warren::app
