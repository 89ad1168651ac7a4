#pragma once

#include "latency_histogram.hpp"

#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>  // NOLINT: clock_getcpuclockid is POSIX's

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace warren::bench {

using Clock = std::chrono::steady_clock;

inline double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What another process used so far; 0 for none.
inline double cpu_seconds_of(pid_t process) {
    clockid_t clock{};
    timespec used{};
    if (process == 0 || clock_getcpuclockid(process, &clock) != 0) {
        return 0;
    }
    clock_gettime(clock, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Peak resident memory of this process in KiB.
inline long peak_memory_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

inline Clock::duration seconds_of(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// One client's run: a warm-up that is not counted, then the measured calls.
class Measurement {
public:
    /// in   every: the latency of one call in so many is taken, because reading the clock twice
    ///      costs as much as the fastest calls do; a prime, so that no caller is always meant.
    ///      server: whose CPU is accounted as well; 0: nobody's
    Measurement(double warm_up_s, double measured_s, unsigned every = 1, pid_t server = 0)
        : every_{every},
          server_{server},
          begin_{Clock::now() + seconds_of(warm_up_s)},
          end_{begin_ + seconds_of(measured_s)} {}

    /// A call starts.
    /// out  when, or nothing when its latency is not taken
    Clock::time_point start() noexcept {
        if (++started_ % every_ != 0) {
            return {};
        }
        return Clock::now();
    }

    /// The call that `start` gave this for has its response.
    /// out  false when it timed out
    bool finish(Clock::time_point sent) {
        if (sent != Clock::time_point{}) {
            return record(sent, Clock::now());
        }
        calls_ += is_measuring_ ? 1 : 0;
        return !is_over_;
    }

    /// out  false when it timed out
    bool record(Clock::time_point sent, Clock::time_point received) {
        if (received < begin_) {
            return true;
        }
        if (!is_measuring_) {
            is_measuring_ = true;
            first_ = received;
            cpu_at_first_ = cpu_seconds();
            server_cpu_at_first_ = cpu_seconds_of(server_);
        }
        last_ = received;
        ++calls_;
        latencies_.add(received - sent);
        is_over_ = received >= end_;
        return !is_over_;
    }

    /// One line of JSON on standard output.
    void print() const {
        const double cpu = cpu_seconds() - cpu_at_first_;
        const double server_cpu = cpu_seconds_of(server_) - server_cpu_at_first_;
        const double seconds = std::chrono::duration<double>(last_ - first_).count();
        const auto calls = static_cast<double>(calls_);
        std::printf(
            "{\"calls\":%.0f,\"calls_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
            "\"client_cpu_us\":%.3f,\"server_cpu_us\":%.3f,\"peak_kib\":%ld}\n",
            calls, calls / seconds, latencies_.percentile_us(0.50), latencies_.percentile_us(0.99),
            cpu / calls * 1e6, server_cpu / calls * 1e6, peak_memory_kib());
        std::fflush(stdout);
    }

private:
    const unsigned every_;
    const pid_t server_;
    const Clock::time_point begin_;
    const Clock::time_point end_;
    Clock::time_point first_{};
    Clock::time_point last_{};
    double cpu_at_first_ = 0;
    double server_cpu_at_first_ = 0;
    bool is_measuring_ = false;
    bool is_over_ = false;
    std::uint64_t started_ = 0;
    std::uint64_t calls_ = 0;
    LatencyHistogram latencies_{};
};

}  // namespace warren::bench
