#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

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

/// Peak resident memory of this process in KiB.
inline long peak_memory_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/// One client's run: a warm-up that is not counted, then the measured calls.
class Measurement {
public:
    Measurement(double warm_up_s, double measured_s)
        : begin_{Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(warm_up_s))},
          end_{begin_ + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(measured_s))} {
        latencies_us_.reserve(4'000'000);
    }

    /// out  false when the time is over
    bool record(Clock::time_point sent, Clock::time_point received) {
        if (received < begin_) {
            return true;
        }
        if (latencies_us_.empty()) {
            cpu_at_begin_ = cpu_seconds();
            first_ = received;
        }
        last_ = received;
        latencies_us_.push_back(
            static_cast<float>(std::chrono::duration<double, std::micro>(received - sent).count()));
        return received < end_;
    }

    /// One line of JSON on standard output.
    void print() {
        const double cpu = cpu_seconds() - cpu_at_begin_;
        const double seconds = std::chrono::duration<double>(last_ - first_).count();
        const auto calls = static_cast<double>(latencies_us_.size());
        std::printf(
            "{\"calls\":%.0f,\"calls_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
            "\"client_cpu_us\":%.3f,\"peak_kib\":%ld}\n",
            calls, calls / seconds, percentile(0.50), percentile(0.99), cpu / calls * 1e6,
            peak_memory_kib());
        std::fflush(stdout);
    }

private:
    double percentile(double part) {
        if (latencies_us_.empty()) {
            return 0;
        }
        const auto place =
            latencies_us_.begin() +
            static_cast<std::ptrdiff_t>(part * static_cast<double>(latencies_us_.size() - 1));
        std::ranges::nth_element(latencies_us_, place);
        return *place;
    }

    Clock::time_point begin_;
    Clock::time_point end_;
    Clock::time_point first_{};
    Clock::time_point last_{};
    double cpu_at_begin_ = 0;
    std::vector<float> latencies_us_;
};

}  // namespace warren::bench
