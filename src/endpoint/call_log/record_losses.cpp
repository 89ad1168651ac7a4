#include "endpoint/call_log/record_losses.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::chrono::minutes told_interval{1};

}  // namespace

void RecordLosses::add_sent() {
    const std::lock_guard lock{mutex_};
    ++counters_.sent;
}

void RecordLosses::add_dropped() {
    std::unique_lock lock{mutex_};
    ++counters_.dropped;
    mark(std::move(lock));
}

void RecordLosses::add_failed(std::size_t lost, std::string problem) {
    std::unique_lock lock{mutex_};
    counters_.failed += lost;
    problem_ = std::move(problem);
    mark(std::move(lock));
}

void RecordLosses::mark(std::unique_lock<std::mutex> lock) {
    const bool is_first = !std::exchange(is_telling_, true);
    lock.unlock();
    if (is_first) {
        executor_.post([this] { tell(); });
    }
}

void RecordLosses::tell() {
    if (tell_now()) {
        executor_.post_at(executor_.now() + told_interval, [this] { tell(); });
    }
}

void RecordLosses::tell_rest() {
    static_cast<void>(tell_now());
}

/// out  false: there is nothing to tell
bool RecordLosses::tell_now() {
    std::string line;
    {
        const std::lock_guard lock{mutex_};
        const std::uint64_t dropped = counters_.dropped - told_.dropped;
        const std::uint64_t failed = counters_.failed - told_.failed;
        const std::string problem = std::exchange(problem_, {});
        told_ = counters_;
        if (dropped + failed != 0) {
            line = fmt::format(
                "call log: {} requests and responses are lost, {} of them because the log server "
                "does not keep up{}",
                dropped + failed, dropped, problem.empty() ? "" : ": " + problem);
        } else if (!problem.empty()) {
            line = "call log: the log server is tried again: " + problem;
        } else {
            is_telling_ = false;
            return false;
        }
    }
    log_.warning(line);
    return true;
}

CallLogCounters RecordLosses::counters() const {
    const std::lock_guard lock{mutex_};
    return counters_;
}

}  // namespace warren::endpoint
