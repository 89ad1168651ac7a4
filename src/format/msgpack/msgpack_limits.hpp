#pragma once

#include "core/limits.hpp"

#include <cstddef>
#include <cstdint>

namespace warren::format {

struct MsgpackLimits {
    std::size_t depth_max = core::Limits{}.nesting_depth_max;      // a bare scalar has depth 0
    std::size_t value_count_max = core::Limits{}.value_count_max;  // keys are not counted
    std::size_t bytes_max = core::Limits{}.body_bytes_max;         // of one whole object
    bool text_keys = false;   // a map's key that is no text is refused
    bool unique_keys = true;  // a text key that stands twice in a map is refused

    static constexpr MsgpackLimits of(const core::Limits& limits) noexcept {
        return {.depth_max = limits.nesting_depth_max,
                .value_count_max = limits.value_count_max,
                .bytes_max = limits.body_bytes_max};
    }
    /// Contracts know no other keys than text.
    static constexpr MsgpackLimits of_requests(const core::Limits& limits) noexcept {
        MsgpackLimits made = of(limits);
        made.text_keys = true;
        return made;
    }
};

/// Why bytes are not taken for an object.
enum class MsgpackFault : std::uint8_t {
    none,
    // The end of the object cannot be told: nothing that follows can be read.
    never_used_byte,
    depth_over_limit,
    count_over_limit,
    bytes_over_limit,
    // The object ends where it says, and the next one can be read.
    text_not_utf8,
    key_twice,
    key_not_text,
    timestamp,
    extension,
};

}  // namespace warren::format
