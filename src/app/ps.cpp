#include "app/admin_client.hpp"
#include "app/call_rates.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/output.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct PsOptions {
    AdminTargets targets;
    OutputOptions output;
};

std::string text_of(const Value& value) {
    return value.is_text() ? std::string{value.as_text()} : Dynamic{value}.to_json();
}

/// For a terminal.
std::string shown(const Value& value) {
    return core::text_for_display(text_of(value));
}

std::string joined(const Value& texts) {
    std::string all;
    for (const Value& text : texts.as_list()) {
        all += (all.empty() ? "" : ", ") + text_of(text);
    }
    return all;
}

std::string short_print(std::string_view fingerprint) {
    constexpr std::size_t shown = 12;
    return std::string{fingerprint.substr(0, shown)};
}

std::string age_text(double seconds) {
    constexpr double minute = 60;
    constexpr double hour = 60 * minute;
    constexpr double day = 24 * hour;
    return seconds < minute ? fmt::format("{:.0f} s", seconds)
           : seconds < hour ? fmt::format("{:.0f} min", seconds / minute)
           : seconds < day  ? fmt::format("{:.1f} h", seconds / hour)
                            : fmt::format("{:.1f} d", seconds / day);
}

void print(const Output& output, const AdminClient& client, const Dynamic& status) {
    const bool is_ready = status["ready"].as_boolean();
    std::printf(
        "%s at %s: Warren %s, module ABI %s, %s, up %s; in flight %s, queued %s, waiting "
        "for locks %s\n",
        shown(status["server"]).c_str(), client.address().c_str(), shown(status["version"]).c_str(),
        shown(status["module_abi"]).c_str(),
        output.paint(is_ready ? "ready" : "not ready", is_ready ? Tone::good : Tone::bad).c_str(),
        age_text(status["uptime_s"].as_float64()).c_str(), text_of(status["in_flight"]).c_str(),
        text_of(status["queued"]).c_str(), text_of(status["lock_waiters"]).c_str());
    for (const Value& reason : status["not_ready"].as_list()) {
        std::printf("  %s\n", shown(reason).c_str());
    }
    Table listeners{{"LISTENER", "PROTOCOL", "METHODS"}};
    for (const Value& each : status["listeners"].as_list()) {
        const Dynamic listener{each};
        listeners.push_back({text_of(listener["address"]), text_of(listener["protocol"]),
                             joined(listener["methods"])});
    }
    Table methods{{"METHOD", "MODULE", "FINGERPRINT"}};
    for (const Value& each : status["methods"].as_list()) {
        const Dynamic method{each};
        methods.push_back({text_of(method["name"]), text_of(method["module"]),
                           short_print(method["fingerprint"].as_text())});
    }
    Table calls{{"METHOD", "PROTOCOL", "CALLS", "FAILED", "MEDIAN", "P99"}};
    for (const CallRate& rate : call_rates(status, {})) {
        if (rate.calls != 0) {
            calls.push_back({rate.method, rate.protocol, std::to_string(rate.calls),
                             std::to_string(rate.failed), duration_text(rate.median_s),
                             duration_text(rate.p99_s)});
        }
    }
    for (const auto* const table : {&listeners, &methods, &calls}) {
        if (table->size() > 1) {
            std::printf("\n");
            output.write_table(*table);
        }
    }
    std::printf("\n");
}

int ps(const PsOptions& options) {
    const auto clients = make_admin_clients(options.targets);
    if (!clients) {
        std::fprintf(stderr, "error: %s\n", clients.error().c_str());
        return exit_usage;
    }
    Output output{options.output};
    int code = exit_success;
    for (const auto& client : *clients) {
        const auto status = client->status();
        if (!status) {
            std::fprintf(stderr, "error: %s\n", status.error().c_str());
            code = exit_failed;
        } else if (output.is_data()) {
            output.write_record(*status);
        } else {
            print(output, *client, *status);
        }
    }
    return code;
}

}  // namespace

void add_ps(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "ps", "What servers are doing: listeners, methods, fingerprints, calls in flight.");
    const auto options = std::make_shared<PsOptions>();
    add_admin_targets(*command, options->targets);
    add_output(*command, options->output,
               {OutputFormat::table, OutputFormat::json, OutputFormat::yaml},
               "All that they say, a line for each");
    command->callback([&action, options] { action = [options] { return ps(*options); }; });
}

}  // namespace warren::app
