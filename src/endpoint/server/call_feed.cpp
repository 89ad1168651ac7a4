#include "endpoint/server/call_feed.hpp"

#include "core/timestamp.hpp"
#include "endpoint/interceptors/call_line.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace warren::endpoint {

void CallFeed::end(const CallAtServer& call, const CallEnd& end) {
    const auto now =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    std::string line = "{\"time\":\"" + to_string(now) + "\"," + call_members(call, end) + "}\n";
    const std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
    if (lines_.size() > lines_max) {
        lines_.pop_front();
        ++first_;
    }
}

CallFeed::Lines CallFeed::from(std::uint64_t number) const {
    const std::lock_guard lock{mutex_};
    const std::uint64_t end = first_ + lines_.size();
    // Of a server that was started anew since then all is new.
    const std::uint64_t wanted = number > end ? 0 : number;
    Lines lines{.next = end, .missed = first_ - std::min(first_, wanted)};
    for (std::uint64_t at = std::max(first_, wanted); at < end; ++at) {
        lines.text += lines_[static_cast<std::size_t>(at - first_)];
    }
    return lines;
}

std::uint64_t CallFeed::next() const {
    const std::lock_guard lock{mutex_};
    return first_ + lines_.size();
}

}  // namespace warren::endpoint
