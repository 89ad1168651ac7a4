#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::transport {

/// Learns whether polling for a moment before blocking pays: whether what the loop waits for tends
/// to come within that moment. A loop whose polls find nothing more often than something polls ever
/// more rarely, so that one that is woken now and then, or one whose peer has to wait for this very
/// processor, hardly polls at all.
/// cost a few instructions          thread one
class SpinPolicy {
public:
    /// Whether to poll before blocking now.
    bool should_spin() noexcept {
        if (to_skip_ == 0) {
            return true;
        }
        --to_skip_;
        return false;
    }

    /// Whether the next block is one to poll before.
    bool is_on() const noexcept { return to_skip_ == 0; }

    void found_something() noexcept { misses_ -= misses_ == 0 ? 0 : 1; }
    void found_nothing() noexcept {
        misses_ = std::min(misses_ + 1, misses_max);
        // One miss is chance; after that the pauses double.
        to_skip_ = misses_ == 1 ? 0 : std::uint32_t{1} << misses_;
    }

private:
    static constexpr std::uint32_t misses_max =
        10;  // then one block in 1,024 is preceded by a poll

    std::uint32_t misses_ = 0;  // less what was found since
    std::uint32_t to_skip_ = 0;
};

}  // namespace warren::transport
