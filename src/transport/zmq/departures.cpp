#include "transport/zmq/departures.hpp"

#include "transport/zmq/peer.hpp"

#include <zmq.h>

namespace warren::transport {

bool ZmqDepartures::handle_event(const ZmqEvent& event) {
    const auto descriptor = static_cast<int>(event.value);
    switch (event.what) {
    case ZMQ_EVENT_ACCEPTED:
    case ZMQ_EVENT_CONNECTED:
        begin(descriptor);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        end(descriptor, ++now_);
        break;
    default:
        return false;
    }
    return !leaving_.empty();
}

/// What had the number before, and has not said that it ended, was taken over: its peer may have
/// been there again since it came.
void ZmqDepartures::begin(int descriptor) {
    if (const auto known = connections_.find(descriptor); known != connections_.end()) {
        end(descriptor, known->second);
    }
    connections_[descriptor] = ++now_;
    silent_.insert(now_);
}

void ZmqDepartures::end(int descriptor, Moment left_at) {
    if (const auto ended = connections_.extract(descriptor)) {
        silent_.erase(ended.mapped());
    }
    const auto first = connected_.lower_bound({descriptor, nullptr});
    auto past = first;
    for (; past != connected_.end() && past->first == descriptor; ++past) {
        past->second->descriptor = -1;
        leaving_[past->second] = left_at;
    }
    connected_.erase(first, past);
}

bool ZmqDepartures::met(ZmqPeer& peer, int descriptor) {
    const auto connection = connections_.find(descriptor);
    if (connection != connections_.end()) {
        forget(peer);
        peer.descriptor = descriptor;
        connected_.emplace(descriptor, &peer);
        silent_.erase(connection->second);
    } else if (descriptor >= 0 && peer.descriptor == -1) {
        // What one that is back said before does not come by where it is now.
        leaving_.try_emplace(&peer, now_);
    }
    return !leaving_.empty();
}

void ZmqDepartures::forget(ZmqPeer& peer) {
    connected_.erase({peer.descriptor, &peer});
    peer.descriptor = -1;
    leaving_.erase(&peer);
}

std::vector<ZmqPeer*> ZmqDepartures::take() {
    std::vector<ZmqPeer*> gone;
    std::erase_if(leaving_, [&](const auto& leaving) {
        const bool is_gone = !may_be_back(*leaving.first, leaving.second);
        if (is_gone) {
            gone.push_back(leaving.first);
        }
        return is_gone;
    });
    return gone;
}

bool ZmqDepartures::may_be_back(const ZmqPeer& peer, Moment left_at) const noexcept {
    return peer.has_own_id() && !silent_.empty() && *silent_.rbegin() > left_at;
}

}  // namespace warren::transport
