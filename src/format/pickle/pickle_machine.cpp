#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <limits>

namespace warren::format {
namespace {

/// Values may be pushed more often than they stand in the result: the parts of a call, what the
/// memo gives, and marks.
std::size_t pushed_max_of(const PickleLimits& limits) noexcept {
    constexpr std::size_t pushes_per_value = 4;
    constexpr std::size_t pushes_around = 64;
    return limits.value_count_max >
                   (std::numeric_limits<std::uint32_t>::max() - pushes_around) / pushes_per_value
               ? std::numeric_limits<std::uint32_t>::max()
               : limits.value_count_max * pushes_per_value + pushes_around;
}

}  // namespace

PickleMachine::PickleMachine(std::span<const std::byte> input, Arena& arena,
                             const PickleLimits& limits, std::span<const PickleClass> classes)
    : input_{input},
      arena_{arena},
      limits_{limits},
      classes_{classes},
      pushed_max_{pushed_max_of(limits)} {}

bool PickleMachine::take(std::uint64_t size_bytes, std::span<const std::byte>& taken) {
    const std::size_t end = frame_end_ != 0 ? frame_end_ : input_.size();
    if (size_bytes > end - at_) {
        return refuse_at(end, "pickle_invalid",
                         end == input_.size() ? "it ends too early" : "its frame ends too early");
    }
    taken = input_.subspan(at_, static_cast<std::size_t>(size_bytes));
    at_ += taken.size();
    return true;
}

bool PickleMachine::invalid(std::string_view why) {
    return refuse("pickle_invalid", why);
}

bool PickleMachine::refuse_opcode(std::string_view why) {
    return refuse("pickle_opcode_refused", fmt::format("{} is never read here", why));
}

bool PickleMachine::refuse(std::string_view type, std::string_view why) {
    return refuse_at(opcode_at_, type, why);
}

bool PickleMachine::refuse_at(std::size_t offset, std::string_view type, std::string_view why) {
    error_ = {.offset = offset,
              .message = fmt::format("Invalid pickle at byte {}: {}", offset, why),
              .type = type};
    return false;
}

}  // namespace warren::format
