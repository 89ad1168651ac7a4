#pragma once

#include <cstddef>

namespace warren::runtime {

/// Tells, while the messages of one read are gone through, where to let go of what came of the
/// first half: the two sides of a connection then work at the same time, each on a half of the
/// calls in flight, rather than by turns on all of them. Few messages are not worth a system call.
class EarlyFlush {
public:
    explicit EarlyFlush(std::size_t input_bytes) noexcept : half_bytes_{input_bytes / 2} {}

    /// One more message is handled.
    /// in   consumed_bytes: of the input, with it
    /// out  whether this is the place; once
    bool reached(std::size_t consumed_bytes) noexcept {
        if (++messages_ < messages_min || consumed_bytes < half_bytes_ || is_behind_) {
            return false;
        }
        is_behind_ = true;
        return true;
    }

private:
    static constexpr std::size_t messages_min = 32;

    const std::size_t half_bytes_;
    std::size_t messages_ = 0;
    bool is_behind_ = false;
};

}  // namespace warren::runtime
