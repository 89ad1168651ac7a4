#include "runtime/server/heartbeats.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {

Heartbeats::~Heartbeats() {
    for (const auto& [id, beat] : beats_) {
        executor_.cancel(beat.timer);
    }
}

Heartbeats::Id Heartbeats::add(std::chrono::milliseconds interval, std::function<void()> beat) {
    const Id id = ++last_;
    beat();
    Beat& added =
        beats_.emplace(id, Beat{std::max(interval, interval_min), std::move(beat)}).first->second;
    arm(id, added);
    return id;
}

void Heartbeats::arm(Id id, Beat& beat) {
    beat.timer = executor_.post_at(executor_.now() + beat.interval, [this, id] {
        Beat& due = beats_.at(id);
        due.say();
        arm(id, due);
    });
}

void Heartbeats::remove(Id id) noexcept {
    if (const auto found = beats_.find(id); found != beats_.end()) {
        executor_.cancel(found->second.timer);
        beats_.erase(found);
    }
}

}  // namespace warren::runtime
