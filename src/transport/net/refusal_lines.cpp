#include "transport/net/refusal_lines.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {

std::optional<std::string> RefusalLines::add(std::string_view peer, std::string_view reason,
                                             runtime::TimePoint now) {
    auto known = reasons_.find(reason);
    if (known == reasons_.end()) {
        const bool is_full = reasons_.size() >= reasons_max;
        known = reasons_.try_emplace(std::string{is_full ? std::string_view{} : reason}).first;
    }
    Reason& found = known->second;
    if (now < found.said_until) {
        ++found.passed_over;
        return std::nullopt;
    }
    found.said_until = now + period;
    const std::uint64_t more = std::exchange(found.passed_over, 0);
    return fmt::format("a peer{}{} is refused: {}{}", peer.empty() ? "" : " at ", peer, reason,
                       more == 0 ? "" : fmt::format(" (and {} more since the last line)", more));
}

}  // namespace warren::transport
