#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warren::format {

/// Finds the end of one MessagePack object that nobody wants to read, however long and deep it is,
/// in input of which nothing is kept.          thread one at a time
class MsgpackSkip {
public:
    /// What has nothing to skip.
    static constexpr MsgpackSkip nothing() noexcept {
        MsgpackSkip over;
        over.heads_ = 0;
        return over;
    }

    /// in   what follows the bytes that were skipped before
    /// out  how many of these belong to the object; 0 of some when more are needed, or the object
    ///      has no end, because there is a byte that starts no object
    /// cost O(heads), no allocation
    std::size_t resume(std::span<const std::byte> input) noexcept;
    bool is_over() const noexcept { return heads_ == 0 && body_bytes_ == 0; }
    /// How many bytes it says are still to come, at least.
    std::uint64_t bytes_declared() const noexcept { return heads_ + body_bytes_; }

private:
    std::uint64_t heads_ = 1;       // that must still come
    std::uint64_t body_bytes_ = 0;  // of a text, say, that must still come
};

}  // namespace warren::format
