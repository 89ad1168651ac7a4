#include "app/admin_client.hpp"
#include "app/call_lines.hpp"
#include "app/call_rates.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "app/text_table.hpp"
#include "core/duration.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct TopOptions {
    AdminTargets targets;
    std::string interval = "2s";
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

/// One server, from one look to the next.
class Watched {
public:
    explicit Watched(AdminClient& client) : client_{client}, lines_{client} {}

    /// out  what there is to see, once there was an earlier look; otherwise nothing
    /// err  as of `AdminClient::get`
    std::expected<std::string, std::string> look() {
        const auto status = client_.status();
        const auto seen = lines_.next();
        if (!status || !seen) {
            return std::unexpected{status ? seen.error() : status.error()};
        }
        const auto now = std::chrono::steady_clock::now();
        std::string text;
        if (has_looked_) {
            const std::chrono::duration<double> since = now - looked_at_;
            text = shown(*status, since.count(), *seen);
        }
        before_ = *status;
        looked_at_ = now;
        has_looked_ = true;
        return text;
    }

private:
    std::string shown(const Dynamic& status, double seconds, const CallLines::Seen& seen) const {
        std::string text = fmt::format(
            "{}: {}, in flight {}, queued {}, waiting for locks {}\n", client_.address(),
            status["ready"].as_boolean() ? "ready" : "NOT READY", count_of(status["in_flight"]),
            count_of(status["queued"]), count_of(status["lock_waiters"]));
        for (const Value& each : status["buffers"].as_list()) {
            const Dynamic buffer{each};
            text += fmt::format("buffer of {}: {} calls wait\n", buffer["proxy"].as_text(),
                                count_of(buffer["entries"]));
        }
        std::vector<std::vector<std::string>> rows{
            {"METHOD", "PROTOCOL", "CALLS/S", "FAILED/S", "MEDIAN", "P99"}};
        for (const CallRate& rate : call_rates(status, before_)) {
            if (rate.calls != 0) {
                rows.push_back({rate.method, rate.protocol,
                                fmt::format("{:.1f}", static_cast<double>(rate.calls) / seconds),
                                fmt::format("{:.1f}", static_cast<double>(rate.failed) / seconds),
                                duration_text(rate.median_s), duration_text(rate.p99_s)});
            }
        }
        text += rows.size() > 1 ? text_table(rows) : "no call has ended since the last look\n";
        std::vector<std::vector<std::string>> slow{{"SLOWEST", "CODE", "MS", "CALLER"}};
        for (const SlowCall& call : slowest(seen)) {
            slow.push_back(
                {call.method, call.code, fmt::format("{:.3f}", call.duration_ms), call.caller});
        }
        return text + (slow.size() > 1 ? text_table(slow) : "") + '\n';
    }

    AdminClient& client_;
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
    std::vector<Watched> servers;
    for (const auto& client : *clients) {
        servers.emplace_back(*client);
    }
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    // The first look has nothing to compare with.
    for (std::uint64_t looks = 0; !interrupt.is_asked(); ++looks) {
        std::string text;
        for (Watched& server : servers) {
            const auto shown = server.look();
            if (!outages.note(&server, shown)) {
                return exit_failed;
            }
            text += shown.value_or("");
        }
        if (!text.empty()) {
            std::printf("%s%s", is_terminal ? "\033[H\033[J" : "", text.c_str());
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
    command->callback([&action, options] { action = [options] { return top(*options); }; });
}

}  // namespace warren::app
