#pragma once

#include "format/msgpack/msgpack_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace warren::format {

/// Finds where one MessagePack object ends, in input that grows, without building anything. It
/// remembers offsets, never addresses, so the input may move between calls; a byte is looked at
/// once, but for a head that was cut.
/// thread one at a time
class MsgpackScan {
public:
    enum class State : std::uint8_t { complete, need_more, refused };

    explicit MsgpackScan(const MsgpackLimits& limits) noexcept : limits_{limits} {}

    /// in   the object from its first byte on, as much as there is: at least what the last call saw
    /// cost O(new bytes); memory O(depth), kept                                        throws
    ///      nothing but std::bad_alloc
    State resume(std::span<const std::byte> input);

    bool started() const noexcept { return at_ != 0 || fault_ != MsgpackFault::none; }
    /// Of `complete`: the object's bytes.  Of `refused`: where.
    std::size_t offset() const noexcept { return at_; }
    MsgpackFault fault() const noexcept { return fault_; }
    /// How long the input must at least be to get on.
    std::size_t bytes_wanted() const noexcept { return wanted_; }
    void reset() noexcept;

private:
    State refuse(MsgpackFault fault) noexcept;
    State open(std::uint64_t items, std::uint64_t values);
    void item_ends() noexcept;

    MsgpackLimits limits_;
    std::size_t at_ = 0;       // the next head; past the input while a text or bytes are incomplete
    std::size_t pending_ = 1;  // heads that must still come
    std::size_t wanted_ = 1;
    std::size_t count_ = 1;  // values so far, with those that heads announced
    MsgpackFault fault_ = MsgpackFault::none;
    std::vector<std::uint64_t> open_;  // items to come of each open list and map
};

}  // namespace warren::format
