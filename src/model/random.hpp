#pragma once

#include <cstdint>

namespace warren::model {

/// A small generator whose sequence is the same on every platform: SplitMix64. Not for secrets.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
        return mixed ^ (mixed >> 31);
    }

    /// in   count: not 0
    /// out  less than count
    std::uint64_t below(std::uint64_t count) noexcept { return next() % count; }

    /// From 0 up to and without 1.
    double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
    std::uint64_t state_;
};

}  // namespace warren::model
