#include "app/doctor.hpp"

#include <warren/client.hpp>

#include "app/address_option.hpp"
#include "app/audit.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/output.hpp"
#include "contract/document.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"
#include "endpoint/server/declared_topology.hpp"
#include "endpoint/server/describe_methods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <expected>
#include <memory>
#include <set>
#include <thread>
#include <utility>

namespace warren::app {
namespace {

struct DoctorOptions {
    std::string profile;
    std::string to;
    std::string file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
    std::string timeout = "5s";
    bool is_strict = false;
    OutputOptions output;
};

struct VerdictWord {
    std::string word;
    Tone tone;
};
VerdictWord verdict_word(Verdict verdict) {
    constexpr std::array words{"ok", "warning", "failed"};
    constexpr std::array tones{Tone::good, Tone::warning, Tone::bad};
    const auto at = static_cast<std::size_t>(verdict);
    return {words[at], tones[at]};
}

/// What is asked of one place, on a thread of its own: one that is silent keeps no other waiting.
class Examination {
public:
    Examination(std::chrono::milliseconds timeout, Findings& findings)
        : timeout_{timeout}, findings_{findings} {}

    void examine_topology(endpoint::DeclaredTopology declared, bool is_needed) {
        const bool is_first = brokers_.insert(declared.broker.display()).second;
        threads_.emplace_back([this, declared = std::move(declared), is_needed, is_first] {
            run_topology(declared, is_needed, is_first);
        });
    }

    /// in   to: parsed before, without a fault
    void examine_servers(const std::string& to, const std::vector<std::string>& secrets) {
        threads_.emplace_back([this, to, secrets] { run_servers(to, secrets); });
    }

private:
    void run_topology(const endpoint::DeclaredTopology& declared, bool is_needed, bool is_first) {
        bool is_there = !is_first;
        for (const transport::AmqpEndpoint& node : declared.broker.nodes()) {
            // All of them are looked at, and one is enough.
            is_there = (is_first && probe({.display = node.display(),
                                           .host = node.host,
                                           .port = node.port,
                                           .tls = node.tls,
                                           .is_broker = true},
                                          timeout_, findings_)) ||
                       is_there;
        }
        if (is_first && is_there) {
            examine_broker(declared.broker.display(), declared.broker, timeout_, findings_);
        }
        const auto found = is_there ? audit_broker(declared, timeout_)
                                    : std::expected<std::vector<transport::AuditedPart>, Failure>{};
        if (!found) {
            // The login's failure is told already; of a broker that another thread looks at, too.
            return;
        }
        for (const transport::AuditedPart& part : *found) {
            tell_part(declared.display, part, is_needed);
        }
    }

    void tell_part(const std::string& display, const transport::AuditedPart& part, bool is_needed) {
        using enum transport::Presence;
        const bool is_fine = part.presence == equal || (part.presence == missing && !is_needed);
        findings_.add(
            {.verdict = is_fine ? Verdict::ok : Verdict::failed,
             .at = display,
             .check = fmt::format("{} '{}'", part.is_queue ? "queue" : "exchange", part.name),
             .seen = fmt::format("{}{}{}", word_of(part.presence),
                                 part.words.empty() || is_fine ? "" : ": ",
                                 is_fine ? std::string{} : part.words),
             .remedy = remedy_of(part, is_needed)});
    }

    void run_servers(const std::string& to, const std::vector<std::string>& secrets) {
        const auto address = endpoint::parse_address(to);
        if (const auto* const tcp = std::get_if<endpoint::TcpAddress>(&address->transport)) {
            bool is_there = true;
            for (const endpoint::HostPort& server : tcp->servers) {
                is_there = probe({.display = address->display(server),
                                  .host = server.host,
                                  .port = server.port,
                                  .tls = tcp->tls},
                                 timeout_, findings_) &&
                           is_there;
            }
            if (!is_there) {
                return;
            }
        }
        if (address->is_one_way()) {
            return;
        }
        ask_for_contract(to, address->display(), secrets);
    }

    void ask_for_contract(const std::string& to, const std::string& display,
                          const std::vector<std::string>& secrets) {
        Finding finding{.at = display, .check = "describe"};
        try {
            Client client{to, {.auth_secrets = secrets}};
            CallOptions options;
            options.timeout = timeout_;
            const Dynamic told = client.call(endpoint::describe_name, Dynamic::map({}), options);
            const auto document = contract::from_json(told.to_json());
            finding.seen = document ? fmt::format("{} methods", document->methods.size())
                                    : document.error().message;
            finding.verdict = document ? Verdict::ok : Verdict::warning;
        } catch (const Error& error) {
            const bool is_mute = error.code() == Code::no_such_method;
            finding.verdict = is_mute ? Verdict::warning : Verdict::failed;
            finding.seen = error.failure().peer_text.empty()
                               ? error.message()
                               : error.message() + ": " + error.failure().peer_text;
            finding.remedy = is_mute ? "it answers; `describe: true` of its listener has it say "
                                       "what it offers"
                                     : "see whether a server runs there, and speaks this protocol "
                                       "with these secrets";
        }
        findings_.add(std::move(finding));
    }

    const std::chrono::milliseconds timeout_;
    Findings& findings_;
    std::set<std::string> brokers_;
    std::vector<std::jthread> threads_;  // the last: they end before the rest does
};

void examine_config(const DoctorOptions& options, Examination& examination, Findings& findings) {
    std::vector<std::string> problems;
    Config config = read_config(options.file, options.virtual_host, problems);
    Registry registry;
    if (problems.empty()) {
        problems = load_methods(config, options.modules, registry);
    }
    for (const std::string& problem : problems) {
        findings.add({.verdict = Verdict::failed,
                      .at = options.file,
                      .check = "configuration",
                      .seen = problem,
                      .remedy = "see `warren check`"});
    }
    if (!problems.empty()) {
        return;
    }
    findings.add({.at = options.file,
                  .check = "configuration",
                  .seen = fmt::format("{} listeners, {} methods",
                                      config.listeners.size() + config.proxies.size(),
                                      registry.all().size())});
    examine_files(config, findings);
    const auto examine = [&](const auto& declared, bool is_needed) {
        if (!declared) {
            findings.add({.verdict = Verdict::failed,
                          .at = options.file,
                          .check = "configuration",
                          .seen = declared.error().message});
        } else if (*declared) {
            examination.examine_topology(**declared, is_needed);
        }
    };
    for (const ListenerEntry& listener : config.listeners) {
        examine(endpoint::declared_by_listener(listener.options, registry, false), false);
    }
    for (const ProxyEntry& proxy : config.proxies) {
        examine(endpoint::declared_by_listener(proxy.from.options, registry, true), false);
        const auto needed = endpoint::needed_by_target(proxy.to);
        examine(needed, true);
        if (needed && !*needed && !proxy.to.to.starts_with("memory:")) {
            examination.examine_servers(proxy.to.to, proxy.to.client.auth_secrets);
        }
    }
}

/// err  what is wrong with it, for people
std::expected<void, std::string> examine_target(const Profile& target, Examination& examination) {
    const std::string to = address_of(target);
    const auto needed = endpoint::needed_by_target({.to = to});
    if (!needed) {
        return std::unexpected{needed.error().message};
    }
    std::vector<std::string> secrets;
    for (const std::string& given : target.auth_secrets) {
        auto secret = read_at_file(given);
        if (!secret) {
            return std::unexpected{secret.error()};
        }
        secrets.push_back(std::move(*secret));
    }
    if (*needed) {
        examination.examine_topology(**needed, true);
    } else {
        examination.examine_servers(to, secrets);
    }
    return {};
}

int show_findings(const DoctorOptions& options, std::vector<Finding>& all) {
    const auto place = [](const Finding& each) { return std::pair{each.at, each.order}; };
    std::ranges::sort(all, {}, place);
    Output output{options.output};
    Table table{{"STATE", "CHECK", "AT", "SEEN", "REMEDY"}};
    bool is_fine = true;
    for (const Finding& each : all) {
        const auto [word, tone] = verdict_word(each.verdict);
        is_fine = is_fine && each.verdict != Verdict::failed &&
                  !(options.is_strict && each.verdict == Verdict::warning);
        if (output.is_data()) {
            const auto text = [](const std::string& said) {
                return core::text_for_display(said, SIZE_MAX);
            };
            output.write_record(Dynamic::map({{"state", word},
                                              {"check", text(each.check)},
                                              {"at", text(each.at)},
                                              {"seen", text(each.seen)},
                                              {"remedy", text(each.remedy)}}));
        }
        table.push_back({{word, tone}, each.check, each.at, each.seen, each.remedy});
    }
    if (!output.is_data()) {
        output.write_table(table);
    }
    return is_fine ? exit_success : exit_failed;
}

int doctor(const DoctorOptions& options) {
    const auto usage_of = [](const std::string& message) {
        std::fprintf(stderr, "error: %s\n", message.c_str());
        return exit_usage;
    };
    const auto timeout = core::parse_duration(options.timeout);
    if (!timeout || timeout->count() <= 0) {
        return usage_of("--timeout: expected a time such as 5s, above zero");
    }
    Findings findings;
    {
        Examination examination{*timeout, findings};
        examine_machine(findings);
        if (!options.file.empty()) {
            examine_config(options, examination, findings);
        }
        if (!options.to.empty() || !options.profile.empty()) {
            const auto target = options.profile.empty() ? read_target(options.to)
                                                        : read_named_profile(options.profile);
            const auto examined =
                target ? examine_target(*target, examination) : std::unexpected{target.error()};
            if (!examined) {
                return usage_of(examined.error());
            }
        }
    }
    return show_findings(options, findings.all());
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "doctor",
        "Look for what keeps servers and calls from working, and say what to do. Changes nothing.");
    const auto options = std::make_shared<DoctorOptions>();
    auto* const profile =
        command->add_option("profile", options->profile, "A server's name in profiles.yml")
            ->type_name(value_name::profile);
    auto* const to = command
                         ->add_option("--to", options->to,
                                      "A server's address as `warren call` has it; @FILE reads a "
                                      "file, @NAME is a profile")
                         ->type_name(value_name::address)
                         ->excludes(profile);
    command->add_option("--config", options->file, "All that this configuration names")
        ->type_name(value_name::file)
        ->excludes(profile)
        ->excludes(to);
    command->add_option("--virtual-host-name", options->virtual_host, "Of it this one alone");
    command->add_option("--modules", options->modules, "A further directory of modules")
        ->type_name(value_name::directory)
        ->allow_extra_args(false);
    command->add_option("--timeout", options->timeout, "How long each check may take")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command->add_flag("--strict", options->is_strict, "End with 1 on warnings, too");
    add_output(*command, options->output,
               {OutputFormat::table, OutputFormat::json, OutputFormat::yaml});
    command->callback([&action, options] { action = [options] { return doctor(*options); }; });
}

}  // namespace warren::app
