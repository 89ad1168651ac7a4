#include "app/admin_client.hpp"
#include "app/call_lines.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "app/output.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

constexpr std::chrono::milliseconds look_pause{200};

struct TailOptions {
    AdminTargets targets;
    std::vector<std::string> methods;
    std::vector<std::string> callers;
    std::vector<std::string> codes;
    bool failed = false;
    std::string slower = "0s";
    std::uint64_t count = 0;  // 0: until a signal
    OutputOptions output;
};

bool is_wanted(const std::vector<std::string>& wanted, const Value& value) {
    return wanted.empty() || std::ranges::find(wanted, value.as_text()) != wanted.end();
}

bool is_wanted(const TailOptions& options, double slower_ms, const Dynamic& call) {
    return is_wanted(options.methods, call["method"]) &&
           is_wanted(options.callers, call["caller"]) && is_wanted(options.codes, call["code"]) &&
           (!options.failed || call["code"].as_text() != "ok") && duration_ms(call) >= slower_ms;
}

/// For people: the time of day, and what there is to say.
std::string call_text(const Dynamic& call) {
    std::string_view time = call["time"].as_text();
    time.remove_prefix(std::min(time.find('T') + 1, time.size()));
    std::string line =
        fmt::format("{} {} {} {:.3f} ms", time, core::text_for_display(call["method"].as_text()),
                    core::text_for_display(call["code"].as_text()), duration_ms(call));
    for (const char* const member : {"caller", "peer", "listener", "key", "trace", "message"}) {
        if (const Value value = call[member]; value.is_text() && !value.as_text().empty()) {
            line += fmt::format(" {}={}", member, core::text_for_display(value.as_text()));
        }
    }
    return line;
}

/// Prints those that are wanted.
class Printer {
public:
    Printer(const TailOptions& options, std::chrono::milliseconds slower)
        : options_{options}, slower_ms_{static_cast<double>(slower.count())} {}

    /// out  whether it wants no more
    bool print(const CallLines::Seen& seen) {
        if (seen.missed != 0) {
            std::fprintf(stderr, "warning: %llu calls more ended than are kept\n",
                         static_cast<unsigned long long>(seen.missed));
        }
        for (const std::string& line : seen.lines) {
            const Dynamic call = Dynamic::from_json(line);
            if (is_wanted(options_, slower_ms_, call)) {
                write(call);
                if (++printed_ == options_.count) {
                    return true;
                }
            }
        }
        return std::fflush(stdout) != 0;
    }

private:
    void write(const Dynamic& call) {
        if (output_.is_data()) {
            output_.write_record(call);
            return;
        }
        std::printf(
            "%s\n",
            output_.paint(call_text(call), call["code"].as_text() == "ok" ? Tone::plain : Tone::bad)
                .c_str());
    }

    const TailOptions& options_;
    Output output_{options_.output};
    const double slower_ms_;
    std::uint64_t printed_ = 0;
};

int tail(const TailOptions& options) {
    const auto slower = core::parse_duration(options.slower);
    const auto clients = make_admin_clients(options.targets);
    if (!slower || !clients) {
        std::fprintf(
            stderr, "error: %s\n",
            slower ? clients.error().c_str() : ("--slower: " + slower.error().message).c_str());
        return exit_usage;
    }
    const Interrupt interrupt;
    std::vector<CallLines> feeds;
    for (const auto& client : *clients) {
        feeds.emplace_back(*client);
    }
    Outages outages;
    Printer printer{options, *slower};
    while (!interrupt.is_asked()) {
        for (CallLines& feed : feeds) {
            const auto seen = feed.next();
            if (!outages.note(&feed, seen)) {
                return exit_failed;
            }
            if (seen && printer.print(*seen)) {
                return exit_success;
            }
        }
        interrupt.wait_for(look_pause);
    }
    return exit_success;
}

}  // namespace

void add_tail(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "tail", "Show calls of servers as they end, without what is in them.");
    const auto options = std::make_shared<TailOptions>();
    add_admin_targets(*command, options->targets);
    const auto add = [&](const char* name, auto& value, const char* help) {
        return command->add_option(name, value, help)->allow_extra_args(false);
    };
    add("--method", options->methods, "Calls of this method alone; may be repeated")
        ->type_name(value_name::method);
    add("--caller", options->callers, "Calls of this caller alone; may be repeated");
    add("--code", options->codes, "Calls that end so, such as ok or overloaded; may be repeated");
    command->add_flag("--failed", options->failed, "Calls that fail alone");
    add("--slower", options->slower, "Calls that take so long alone, such as 250ms")
        ->capture_default_str()
        ->type_name(value_name::duration);
    add("--count", options->count, "End after so many");
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::json, OutputFormat::yaml}, "A line for each");
    command->callback([&action, options] { action = [options] { return tail(*options); }; });
}

}  // namespace warren::app
