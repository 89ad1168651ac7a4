#include "app/admin_client.hpp"
#include "app/call_lines.hpp"
#include "app/call_rates.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "app/output.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct TopOptions {
    AdminTargets targets;
    std::string interval = "2s";
    OutputOptions output;
    std::uint64_t times = 0;  // 0: until a signal
};

struct SlowCall {
    double duration_ms;
    std::string method;
    std::string code;
    std::string caller;
};

constexpr std::size_t slow_calls_max = 5;

std::vector<SlowCall> slowest(const CallLines::Seen& seen) {
    std::vector<SlowCall> calls;
    for (const std::string& line : seen.lines) {
        const Dynamic call = Dynamic::from_json(line);
        calls.push_back({.duration_ms = duration_ms(call),
                         .method = std::string{call["method"].as_text()},
                         .code = std::string{call["code"].as_text()},
                         .caller = std::string{call["caller"].as_text()}});
    }
    std::ranges::sort(calls, std::ranges::greater{}, &SlowCall::duration_ms);
    calls.resize(std::min(calls.size(), slow_calls_max));
    return calls;
}

Dynamic seconds_of(const std::optional<double>& seconds) {
    return seconds ? Dynamic{*seconds} : Dynamic{};
}

/// What one look gives.
struct TopLook {
    std::string text{};  // for people
    std::optional<Dynamic> record{};
    bool is_empty() const noexcept { return text.empty() && !record; }
};

/// One server, from one look to the next.
class Watched {
public:
    Watched(AdminClient& client, const Output& output)
        : client_{client}, output_{output}, lines_{client} {}

    /// out  what there is to see, once there was an earlier look; otherwise nothing
    /// err  as of `AdminClient::get`
    std::expected<TopLook, std::string> look() {
        const auto status = client_.status();
        const auto seen = lines_.next();
        if (!status || !seen) {
            return std::unexpected{status ? seen.error() : status.error()};
        }
        const auto now = std::chrono::steady_clock::now();
        TopLook look;
        if (has_looked_) {
            const std::chrono::duration<double> since = now - looked_at_;
            if (output_.is_data()) {
                look.record = record_of(*status, since.count(), *seen);
            } else {
                look.text = shown(*status, since.count(), *seen);
            }
        }
        before_ = *status;
        looked_at_ = now;
        has_looked_ = true;
        return look;
    }

private:
    std::string shown(const Dynamic& status, double seconds, const CallLines::Seen& seen) const {
        std::string text = fmt::format(
            "{}: {}, in flight {}, queued {}, waiting for locks {}\n", client_.address(),
            status["ready"].as_boolean() ? output_.paint("ready", Tone::good)
                                         : output_.paint("NOT READY", Tone::bad),
            count_of(status["in_flight"]), count_of(status["queued"]),
            count_of(status["lock_waiters"]));
        for (const Value& each : status["buffers"].as_list()) {
            const Dynamic buffer{each};
            text += fmt::format("buffer of {}: {} calls wait\n",
                                core::text_for_display(buffer["proxy"].as_text()),
                                count_of(buffer["entries"]));
        }
        Table rows{{"METHOD", "PROTOCOL", "CALLS/S", "FAILED/S", "MEDIAN", "P99"}};
        for (const CallRate& rate : call_rates(status, before_)) {
            if (rate.calls != 0) {
                rows.push_back({rate.method, rate.protocol,
                                fmt::format("{:.1f}", static_cast<double>(rate.calls) / seconds),
                                fmt::format("{:.1f}", static_cast<double>(rate.failed) / seconds),
                                duration_text(rate.median_s), duration_text(rate.p99_s)});
            }
        }
        text +=
            rows.size() > 1 ? output_.table_text(rows) : "no call has ended since the last look\n";
        Table slow{{"SLOWEST", "CODE", "MS", "CALLER"}};
        for (const SlowCall& call : slowest(seen)) {
            slow.push_back(
                {call.method, call.code, fmt::format("{:.3f}", call.duration_ms), call.caller});
        }
        return text + (slow.size() > 1 ? output_.table_text(slow) : "") + '\n';
    }

    Dynamic record_of(const Dynamic& status, double seconds, const CallLines::Seen& seen) const {
        Dynamic methods = Dynamic::list({});
        for (const CallRate& rate : call_rates(status, before_)) {
            if (rate.calls != 0) {
                methods.push_back(
                    Dynamic::map({{"method", rate.method},
                                  {"protocol", rate.protocol},
                                  {"calls_per_s", static_cast<double>(rate.calls) / seconds},
                                  {"failed_per_s", static_cast<double>(rate.failed) / seconds},
                                  {"median_s", seconds_of(rate.median_s)},
                                  {"p99_s", seconds_of(rate.p99_s)}}));
            }
        }
        Dynamic slow = Dynamic::list({});
        for (const SlowCall& call : slowest(seen)) {
            slow.push_back(Dynamic::map({{"method", call.method},
                                         {"code", call.code},
                                         {"duration_ms", call.duration_ms},
                                         {"caller", call.caller}}));
        }
        return Dynamic::map({{"at", client_.address()},
                             {"ready", Dynamic{status["ready"]}},
                             {"in_flight", Dynamic{status["in_flight"]}},
                             {"queued", Dynamic{status["queued"]}},
                             {"lock_waiters", Dynamic{status["lock_waiters"]}},
                             {"buffers", Dynamic{status["buffers"]}},
                             {"seconds", seconds},
                             {"methods", methods},
                             {"slowest", slow}});
    }

    AdminClient& client_;
    const Output& output_;
    CallLines lines_;
    bool has_looked_ = false;
    Dynamic before_{};
    std::chrono::steady_clock::time_point looked_at_{};
};

int top(const TopOptions& options) {
    const auto interval = core::parse_duration(options.interval);
    const auto clients = make_admin_clients(options.targets);
    if (!interval || interval->count() <= 0 || !clients) {
        std::fprintf(stderr, "error: %s\n",
                     interval && interval->count() > 0
                         ? clients.error().c_str()
                         : "--interval: expected a time such as 2s, above zero");
        return exit_usage;
    }
    const Interrupt interrupt;
    Outages outages;
    Output output{options.output};
    std::vector<Watched> servers;
    for (const auto& client : *clients) {
        servers.emplace_back(*client, output);
    }
    const char* const clear = isatty(STDOUT_FILENO) == 1 && !output.is_data() ? "\033[H\033[J" : "";
    // The first look has nothing to compare with.
    for (std::uint64_t looks = 0; !interrupt.is_asked(); ++looks) {
        std::string text;
        bool is_shown = false;
        for (Watched& server : servers) {
            const auto shown = server.look();
            if (!outages.note(&server, shown)) {
                return exit_failed;
            }
            if (shown && shown->record) {
                output.write_record(*shown->record);
            }
            is_shown = is_shown || (shown && !shown->is_empty());
            text += shown ? shown->text : "";
        }
        if (is_shown) {
            std::printf("%s%s", clear, text.c_str());
            if (std::fflush(stdout) != 0 || looks == options.times) {
                return exit_success;
            }
        }
        interrupt.wait_for(*interval);
    }
    return exit_success;
}

}  // namespace

void add_top(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "top", "Watch servers: rates, times, what waits, and their slowest calls.");
    const auto options = std::make_shared<TopOptions>();
    add_admin_targets(*command, options->targets);
    command->add_option("--interval", options->interval, "From one look to the next")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command->add_option("--times", options->times, "Show so many, and end");
    add_output(*command, options->output,
               {OutputFormat::table, OutputFormat::json, OutputFormat::yaml});
    command->callback([&action, options] { action = [options] { return top(*options); }; });
}

}  // namespace warren::app
