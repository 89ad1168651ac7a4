#include "app/audit.hpp"

#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/config/config.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/output.hpp"
#include "core/utf8.hpp"
#include "transport/loop/asio_executor.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What a configuration declares, held against what a broker has.
namespace warren::app {
namespace {

struct AuditCommand {
    std::string file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
    OutputOptions output;
};

Tone tone_of(transport::Presence presence) noexcept {
    using enum transport::Presence;
    return presence == equal ? Tone::good : presence == missing ? Tone::warning : Tone::bad;
}

class Audit {
public:
    explicit Audit(const OutputOptions& output) : output_{output} {}
    ~Audit() {
        if (output_.format() == OutputFormat::table) {
            output_.write_table(table_);
        }
    }
    Audit(const Audit&) = delete;
    Audit& operator=(const Audit&) = delete;

    void refuse(const std::string& where, const Failure& why) {
        has_failed_ = true;
        std::fprintf(stderr, "error: %s: %s\n", where.c_str(), to_string(why).c_str());
    }

    /// in   is_needed: others declare it
    void compare(const endpoint::DeclaredTopology& declared, bool is_needed) {
        const auto found = audit_broker(declared);
        if (!found) {
            return refuse(declared.display, found.error());
        }
        for (std::size_t at = 0; at < found->size(); ++at) {
            const transport::AuditedPart& part = (*found)[at];
            const std::size_t exchanges = declared.topology.exchanges.size();
            has_difference_ = has_difference_ || part.presence != transport::Presence::equal;
            print(declared.display, part, remedy_of(part, is_needed),
                  part.is_queue ? endpoint::advice_on(declared.topology.queues[at - exchanges])
                                : std::vector<std::string>{});
        }
    }

    int exit_code() const noexcept {
        return has_failed_ || has_difference_ ? exit_failed : exit_success;
    }

private:
    void print(const std::string& where, const transport::AuditedPart& part,
               const std::string& remedy, const std::vector<std::string>& advice) {
        const std::string_view kind = part.is_queue ? "queue" : "exchange";
        if (output_.format() == OutputFormat::table) {
            table_.push_back({{std::string{word_of(part.presence)}, tone_of(part.presence)},
                              where,
                              std::string{kind},
                              part.name,
                              remedy});
            return;
        }
        if (output_.is_data()) {
            Dynamic line = Dynamic::map({{"at", where},
                                         {"kind", kind},
                                         {"name", part.name},
                                         {"state", word_of(part.presence)}});
            if (!part.words.empty()) {
                line.insert_or_assign("broker", Dynamic{part.words});
            }
            if (!remedy.empty()) {
                line.insert_or_assign("remedy", Dynamic{remedy});
            }
            Dynamic notes;
            for (const std::string& each : advice) {
                notes.push_back(Dynamic{each});
            }
            if (!advice.empty()) {
                line.insert_or_assign("notes", notes);
            }
            output_.write_record(line);
            return;
        }
        std::string text = fmt::format(
            "{}  {}  {} '{}'", output_.paint(word_of(part.presence), tone_of(part.presence)), where,
            kind, core::text_for_display(part.name));
        const auto add = [&text](std::string_view name, const std::string& what) {
            if (!what.empty()) {
                text += fmt::format("\n    {}: {}", name, what);
            }
        };
        add("the broker says", part.words);
        add("remedy", remedy);
        for (const std::string& each : advice) {
            add("note", each);
        }
        std::printf("%s\n", text.c_str());
    }

    Output output_;
    Table table_{{"STATE", "AT", "KIND", "NAME", "REMEDY"}};
    bool has_failed_ = false;
    bool has_difference_ = false;
};

int audit(const AuditCommand& command) {
    std::vector<std::string> problems;
    Config config = read_config(command.file, command.virtual_host, problems);
    Registry registry;
    if (problems.empty()) {
        problems = load_methods(config, command.modules, registry);
    }
    if (!problems.empty()) {
        for (const std::string& problem : problems) {
            std::fprintf(stderr, "error: %s\n", problem.c_str());
        }
        return exit_configuration;
    }
    Audit audit{command.output};
    const auto compare = [&](const std::string& where, const auto& declared, bool is_needed) {
        if (!declared) {
            audit.refuse(where, declared.error());
        } else if (*declared) {
            audit.compare(**declared, is_needed);
        }
    };
    for (const ListenerEntry& listener : config.listeners) {
        compare(command.file, endpoint::declared_by_listener(listener.options, registry, false),
                false);
    }
    for (const ProxyEntry& proxy : config.proxies) {
        compare(command.file, endpoint::declared_by_listener(proxy.from.options, registry, true),
                false);
        compare(command.file, endpoint::needed_by_target(proxy.to), true);
    }
    return audit.exit_code();
}

}  // namespace

std::string_view word_of(transport::Presence presence) noexcept {
    using enum transport::Presence;
    switch (presence) {
    case equal:
        return "equal";
    case different:
        return "different";
    case missing:
        return "missing";
    case forbidden:
        return "forbidden";
    case in_use:
        return "in use";
    case refused:
        return "refused";
    }
    std::unreachable();
}

std::string remedy_of(const transport::AuditedPart& part, bool is_needed) {
    using enum transport::Presence;
    const std::string_view kind = part.is_queue ? "queue" : "exchange";
    switch (part.presence) {
    case equal:
        return {};
    case different:
        return fmt::format(
            "configure the listener as the {} is, or delete the {} once nothing "
            "waits in it, for `warren serve` to declare it anew",
            kind, kind);
    case missing:
        return is_needed ? "start the server whose queue it is, or name another one"
                         : "`warren serve` declares it";
    case forbidden:
        return fmt::format("let this user configure '{}' (rabbitmqctl set_permissions)", part.name);
    case in_use:
        return "another connection has it alone: end that, or give this listener a queue of its "
               "own";
    case refused:
        return "see what the broker says";
    }
    std::unreachable();
}

std::expected<std::vector<transport::AuditedPart>, Failure> audit_broker(
    const endpoint::DeclaredTopology& declared, std::optional<std::chrono::milliseconds> timeout) {
    transport::AsioExecutor executor;
    const auto link = transport::make_link(executor, declared.broker);
    std::expected<std::vector<transport::AuditedPart>, Failure> found = std::unexpected{
        Failure{.code = Code::deadline_exceeded, .message = "The broker does not answer in time"}};
    std::optional<transport::TopologyAudit> audit;
    audit.emplace(*link, declared.topology, [&](auto outcome) {
        found = std::move(outcome);
        link->close([&executor] { executor.stop(); });
    });
    if (timeout) {
        executor.post_at(std::chrono::steady_clock::now() + *timeout,
                         [&executor] { executor.stop(); });
    }
    executor.run();
    audit.reset();
    return found;
}

void add_audit(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "audit",
        "Hold what a configuration declares against what its brokers have. Changes nothing there.");
    const auto options = std::make_shared<AuditCommand>();
    command->add_option("file", options->file, "The configuration")
        ->required()
        ->type_name(value_name::file);
    command->add_option("--virtual-host-name", options->virtual_host, "Audit this one alone");
    command->add_option("--modules", options->modules, "A further directory of modules")
        ->type_name(value_name::directory)
        ->allow_extra_args(false);
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::table, OutputFormat::json, OutputFormat::yaml},
               "One object in each line");
    command->callback([&action, options] { action = [options] { return audit(*options); }; });
}

}  // namespace warren::app
