#pragma once

#include "transport/zmq/monitor.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace warren::transport {

class ZmqPeer;

/// Which connections the peers of a ROUTER came by, so that it is known whom nobody can answer any
/// more when one ends: ZeroMQ says so of descriptors only, and apart from messages, of which some
/// may still wait when their connection has ended.
///
/// Before a descriptor is looked at, all events there are have to be taken: a connection's first
/// one comes before its messages, so that a number that is used again is not taken for what had it
/// before. A peer that chose its routing id may be there again before it has said anything: while a
/// connection is younger than the end of the peer's, and silent yet, it is not given up.
/// thread the I/O thread
class ZmqDepartures {
public:
    /// out  whether `take` may have something
    bool handle_event(const ZmqEvent& event);
    /// A message of the peer has come by a connection, or by none (-1: inproc).
    /// out  whether `take` may have something
    bool met(ZmqPeer& peer, int descriptor);
    /// It is no peer any more.
    void forget(ZmqPeer& peer);
    /// Those that nobody can answer any more, each once.
    std::vector<ZmqPeer*> take();

private:
    using Moment = std::uint64_t;  // counts events

    void begin(int descriptor);
    void end(int descriptor, Moment left_at);
    bool may_be_back(const ZmqPeer& peer, Moment left_at) const noexcept;

    Moment now_ = 0;
    std::unordered_map<int, Moment> connections_;  // since when
    std::set<Moment> silent_;                      // of them, those that have not said anything yet
    std::set<std::pair<int, ZmqPeer*>> connected_;
    std::map<ZmqPeer*, Moment> leaving_;
};

}  // namespace warren::transport
