#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace warren::bench {

/// Latencies of any number of calls in constant memory, each within 1% of what it was.
/// cost a few instructions per latency, so that counting does not show in what is counted
class LatencyHistogram {
public:
    void add(std::chrono::nanoseconds latency) noexcept {
        ++counts_[place_of(static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)))];
        ++count_;
    }

    /// out  microseconds; 0 when there are none
    double percentile_us(double part) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t place = 0; place < counts_.size(); ++place) {
            seen += counts_[place];
            if (seen > wanted) {
                return middle_of(place) / 1e3;
            }
        }
        return 0;
    }

private:
    // Each power of two is divided evenly into this many.
    static constexpr int bits = 6;
    static constexpr int octaves_max = 34;  // of nanoseconds: half an hour

    static std::size_t place_of(std::uint64_t nanoseconds) noexcept {
        const int octave =
            std::clamp(static_cast<int>(std::bit_width(nanoseconds)) - bits - 1, 0, octaves_max);
        const std::uint64_t within =
            std::min(nanoseconds >> octave, (std::uint64_t{2} << bits) - 1);
        return (static_cast<std::size_t>(octave) << bits) + within;
    }
    static double middle_of(std::size_t place) noexcept {
        const std::size_t octave = place >> bits == 0 ? 0 : (place >> bits) - 1;
        const std::size_t within = place - (octave << bits);
        return (static_cast<double>(within) + 0.5) *
               static_cast<double>(std::uint64_t{1} << octave);
    }

    std::array<std::uint64_t, std::size_t{octaves_max + 2} << bits> counts_{};
    std::uint64_t count_ = 0;
};

}  // namespace warren::bench
