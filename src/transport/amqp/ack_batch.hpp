#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace warren::transport {

/// The deliveries of one channel that are not settled yet. Those that are settled in one turn leave
/// in as few acknowledgements as the tags allow: one with `multiple` for all that lie below the
/// oldest unsettled delivery, and one for each other.           [AMQP 0-9-1 1.8.3.13, basic.ack]
class AckBatch {
public:
    /// A delivery came; its tag is above all earlier ones, as AMQP counts.
    void delivered(std::uint64_t tag) { unsettled_.push_back(tag); }

    /// out  false when the delivery is not waiting for this: unknown, or settled in an earlier turn
    bool settle(std::uint64_t tag) {
        if (!std::ranges::binary_search(unsettled_, tag)) {
            return false;
        }
        settled_.push_back(tag);
        return true;
    }

    /// The broker hears of this one in another way than by a basic.ack.
    bool remove(std::uint64_t tag) {
        const auto found = std::ranges::lower_bound(unsettled_, tag);
        if (found == unsettled_.end() || *found != tag) {
            return false;
        }
        unsettled_.erase(found);
        std::erase(settled_, tag);
        return true;
    }

    /// Give out the acknowledgements of this turn.
    /// in   acknowledge(tag, multiple)
    /// cost O(unsettled + settled log settled)
    template <typename Acknowledge>
    void flush(Acknowledge acknowledge) {
        if (settled_.empty()) {
            return;
        }
        std::ranges::sort(settled_);
        const auto repeated = std::ranges::unique(settled_);
        settled_.erase(repeated.begin(), repeated.end());
        // Both are sorted, and what is settled is among what was unsettled.
        auto settled = settled_.begin();
        auto kept = unsettled_.begin();
        for (const std::uint64_t tag : unsettled_) {
            if (settled != settled_.end() && *settled == tag) {
                ++settled;
            } else {
                *kept++ = tag;
            }
        }
        unsettled_.erase(kept, unsettled_.end());

        const auto above = unsettled_.empty()
                               ? settled_.end()
                               : std::ranges::lower_bound(settled_, unsettled_.front());
        if (above != settled_.begin()) {
            acknowledge(*(above - 1), above - settled_.begin() > 1);
        }
        for (auto each = above; each != settled_.end(); ++each) {
            acknowledge(*each, false);
        }
        settled_.clear();
    }

    /// The channel is gone.
    void clear() noexcept {
        unsettled_.clear();
        settled_.clear();
    }

private:
    std::vector<std::uint64_t> unsettled_;  // sorted; those in `settled_` included until `flush`
    std::vector<std::uint64_t> settled_;    // in this turn
};

}  // namespace warren::transport
