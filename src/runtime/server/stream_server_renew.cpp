#include "runtime/server/stream_server.hpp"

#include <utility>

// What changes while it serves.
namespace warren::runtime {

StreamServerUpdate StreamServer::renew(StreamServerUpdate update) {
    options_.limits = update.limits;
    memory_.all.set_bytes_max(options_.limits.in_flight_bytes_max);
    for (Slot& slot : slots_) {
        slot.memory.set_bytes_max(options_.limits.in_flight_bytes_per_connection_max);
    }
    backlog_.set_limits(options_.limits.responses_bytes_per_connection_max,
                        options_.limits.answers_bytes_max);
    update.policy = listener_.renew(std::move(update.policy));
    if (update.speech != nullptr) {
        speech_.swap(update.speech);
    }
    free_.clear();  // they have what was before
    resume_held();
    return update;
}

}  // namespace warren::runtime
