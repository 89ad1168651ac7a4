#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/output.hpp"
#include "app/profile.hpp"
#include "endpoint/address/address.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct ProfilesOptions {
    bool is_names = false;
    OutputOptions output;
};

/// Without what is secret in it.
std::string shown_address(const Profile& profile) {
    const auto address = endpoint::parse_address(profile.to);
    return address ? address->display() : std::string{};
}

std::string secrets_text(const Profile& profile) {
    std::string text = profile.fernet_keys.empty() ? "" : "fernet_key";
    if (!profile.auth_secrets.empty()) {
        text += (text.empty() ? "" : ", ") + std::string{"auth_secret"};
    }
    return text;
}

Dynamic record_of(const Profile& profile) {
    Dynamic line = Dynamic::map({{"name", profile.name},
                                 {"to", shown_address(profile)},
                                 {"has_fernet_key", !profile.fernet_keys.empty()},
                                 {"has_auth_secret", !profile.auth_secrets.empty()}});
    if (!profile.ca.empty()) {
        line.insert_or_assign("ca", Dynamic{profile.ca});
    }
    if (profile.timeout) {
        line.insert_or_assign("timeout", Dynamic{*profile.timeout});
    }
    return line;
}

int profiles(const ProfilesOptions& options) {
    if (options.is_names) {
        for (const std::string& name : profile_names(own_environment)) {
            std::printf("%s\n", name.c_str());
        }
        return exit_success;
    }
    const auto found = read_profiles(own_environment);
    if (!found) {
        for (const std::string& problem : found.error()) {
            std::fprintf(stderr, "error: %s\n", problem.c_str());
        }
        return exit_configuration;
    }
    for (const std::string& warning : found->warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    Output output{options.output};
    Table rows{{"NAME", "TO", "SECRETS", "CA", "TIMEOUT"}};
    for (const Profile& profile : found->all) {
        if (output.is_data()) {
            output.write_record(record_of(profile));
        }
        rows.push_back({profile.name, shown_address(profile), secrets_text(profile), profile.ca,
                        profile.timeout.value_or("")});
    }
    if (found->all.empty()) {
        std::fprintf(stderr, "note: there is no profile; they are in %s\n",
                     found->file.empty() ? "~/.config/warren/profiles.yml" : found->file.c_str());
    } else if (!output.is_data()) {
        output.write_table(rows);
    }
    return exit_success;
}

}  // namespace

void add_profiles(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "profiles", "List the servers that have a name, without their secrets.");
    const auto options = std::make_shared<ProfilesOptions>();
    add_output(*command, options->output,
               {OutputFormat::table, OutputFormat::json, OutputFormat::yaml}, "A line for each");
    command->add_flag("--names", options->is_names, "Their names alone, a line for each")
        ->excludes(command->get_option("--json"));
    command->callback([&action, options] { action = [options] { return profiles(*options); }; });
}

}  // namespace warren::app
