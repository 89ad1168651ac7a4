#pragma once

#include <warren/error.hpp>

#include "core/keyed_hash.hpp"
#include "runtime/stream_transports.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/departures.hpp"
#include "transport/zmq/envelope_reader.hpp"
#include "transport/zmq/options.hpp"
#include "transport/zmq/peer.hpp"
#include "transport/zmq/socket.hpp"
#include "transport/zmq/unsent_register.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace warren::transport {

/// The peers of one ROUTER, by what stands before their messages. Of those that have nothing to do
/// the longest silent are forgotten when they are many; those that have are limited.
/// thread the I/O thread
class ZmqPeerSet {
public:
    class Owner {
    public:
        virtual std::unique_ptr<runtime::StreamSession> make_session(
            runtime::StreamConnection& peer) = 0;
        /// `settle` has something to do.
        virtual void want_iteration_end() = 0;
        /// Tell the set, by `handle_event`, of all connections that have come and gone until now.
        virtual void handle_events() = 0;
        /// A peer is refused, as there are `peers_max`: what it says in this turn is answered so.
        virtual void on_too_many_peers() = 0;
        /// A response is dropped, as its peer does not read.
        virtual void on_unread_response() = 0;
        /// A message is dropped, as too much of what peers have sent waits.
        virtual void on_full_queue() = 0;

    protected:
        ~Owner() = default;
    };

    /// in  all outlive the set
    ZmqPeerSet(Owner& owner, const ZmqServerOptions& options, ZmqCounters& counters);
    ZmqPeerSet(const ZmqPeerSet&) = delete;
    ZmqPeerSet& operator=(const ZmqPeerSet&) = delete;
    /// Forgets its peers; their sessions go without a word.
    ~ZmqPeerSet();

    /// A connection has come or gone.
    void handle_event(const ZmqEvent& event);
    /// Give the message that was read to its peer.
    void take(ZmqEnvelopeReader& message);
    /// Do what peers have wanted since the last time, and send what they have to say.
    void settle(ZmqSocket& socket);
    /// Forget all peers; their sessions hear why.
    void end_all(const Failure& why);
    std::size_t size() const noexcept { return peers_.size(); }
    std::size_t unsent_bytes() const noexcept { return unsent_.sum(); }

    // What peers do.

    ZmqCounters& counters() noexcept { return counters_; }
    void touch(ZmqPeer& peer);
    bool may_queue(std::size_t of_peer_bytes, std::size_t more_bytes) const noexcept {
        return (of_peer_bytes == 0 ||
                of_peer_bytes + more_bytes <= options_.queued_bytes_per_peer_max) &&
               queued_bytes_ + more_bytes <= options_.queued_bytes_max;
    }
    void count_queued(std::size_t fewer_bytes, std::size_t more_bytes) noexcept {
        queued_bytes_ += more_bytes - fewer_bytes;
    }
    void drop_queued() {
        counters_.refused_messages.add();
        owner_.on_full_queue();
    }

private:
    ZmqPeer& find_or_add(ZmqEnvelopeReader& message);
    ZmqPeer* find(std::string_view envelope);
    ZmqPeer& add(ZmqEnvelopeReader& message);
    void attribute(ZmqPeer& peer, int descriptor);
    void end_departed();
    void forget_some();
    void forget(ZmqPeer& peer, const Failure& why);
    bool may_send(const ZmqPeer& peer, std::size_t more_bytes) const noexcept;
    /// out  false: the peer is gone
    bool send(ZmqPeer& peer, ZmqSocket& socket);

    Owner& owner_;
    const ZmqServerOptions& options_;
    const bool is_secured_;  // so that peers have identities
    // Of one that it connects to ZeroMQ keeps the responses until it is there again.
    const bool gives_up_departed_;
    ZmqCounters& counters_;
    std::unordered_map<std::string_view, std::unique_ptr<ZmqPeer>, core::KeyedHash> peers_;
    ZmqUnsentRegister unsent_;
    ZmqDepartures departures_;
    bool may_have_left_ = false;
    boost::intrusive::list<ZmqPeer> by_age_;  // of their last message, the oldest first
    ZmqPeer* last_ = nullptr;                 // whose message was the last
    std::vector<ZmqPeer*> touched_;
    std::vector<ZmqPeer*> settling_;
    std::size_t queued_bytes_ = 0;
};

}  // namespace warren::transport
