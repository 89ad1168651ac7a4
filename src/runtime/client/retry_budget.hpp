#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::runtime {

/// How often a client may send calls again: a tenth of its calls, and ten times more. A server that
/// is in trouble gets a tenth more of work then, and not a multiple.
/// thread one
class RetryBudget {
public:
    void on_call() noexcept { tenths_ = std::min(tenths_ + 1, tenths_max); }
    /// out  false when it is used up
    bool take() noexcept {
        if (tenths_ < tenths_of_retry) {
            return false;
        }
        tenths_ -= tenths_of_retry;
        return true;
    }

private:
    static constexpr std::uint32_t tenths_of_retry = 10;
    static constexpr std::uint32_t tenths_max = 10 * tenths_of_retry;

    std::uint32_t tenths_ = tenths_max;
};

}  // namespace warren::runtime
