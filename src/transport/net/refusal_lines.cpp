#include "transport/net/refusal_lines.hpp"

#include <fmt/format.h>

namespace warren::transport {

std::optional<std::string> RefusalLines::add(std::string_view peer, std::string_view reason,
                                             runtime::TimePoint now) {
    auto known = reasons_.find(reason);
    if (known == reasons_.end()) {
        const bool is_full = reasons_.size() >= reasons_max;
        known = reasons_.try_emplace(std::string{is_full ? std::string_view{} : reason}).first;
    }
    const auto more = known->second.admit(now);
    return more ? std::optional{fmt::format("a peer{}{} is refused: {}{}",
                                            peer.empty() ? "" : " at ", peer, reason, *more)}
                : std::nullopt;
}

}  // namespace warren::transport
