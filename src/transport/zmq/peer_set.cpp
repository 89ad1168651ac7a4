#include "transport/zmq/peer_set.hpp"

#include <string>
#include <utility>

namespace warren::transport {
namespace {

// How many peers are kept in case they come back.
constexpr std::size_t kept_peers_max = 1'024;
// What may wait for a peer that reads, whatever waits for others.
constexpr std::size_t small_output_bytes = std::size_t{1} << 20;

Failure gone() {
    return {.code = Code::connection_lost,
            .message = "The peer is gone, and its answer with it: nobody has its routing id"};
}

}  // namespace

ZmqPeerSet::ZmqPeerSet(Owner& owner, const ZmqServerOptions& options, ZmqCounters& counters)
    : owner_{owner},
      options_{options},
      is_secured_{!std::holds_alternative<std::monostate>(options.security)},
      gives_up_departed_{options.side == ZmqSide::bind},
      counters_{counters} {}

ZmqPeerSet::~ZmqPeerSet() {
    by_age_.clear();
}

void ZmqPeerSet::handle_event(const ZmqEvent& event) {
    if (departures_.handle_event(event)) {
        may_have_left_ = true;
        owner_.want_iteration_end();
    }
}

void ZmqPeerSet::take(ZmqEnvelopeReader& message) {
    ZmqPeer& peer = find_or_add(message);
    // A descriptor's number may be another connection's since the peer last spoke.
    if (message.descriptor() != peer.descriptor ||
        ((peer.has_own_id() || !gives_up_departed_) && peer.is_busy())) [[unlikely]] {
        attribute(peer, message.descriptor());
    }
    if (peer.is_refused()) {
        counters_.refused_messages.add();
        touch(peer);
    }
    counters_.messages_in.add();
    counters_.bytes_in.add(message.body().size());
    peer.take(message.body());
}

/// What ended before this message was sent has nothing to do with where it came from.
void ZmqPeerSet::attribute(ZmqPeer& peer, int descriptor) {
    owner_.handle_events();
    const int before = peer.descriptor;
    if (departures_.met(peer, descriptor)) {
        may_have_left_ = true;
        owner_.want_iteration_end();
    }
    if (peer.descriptor != before) {
        peer.on_moved();
    }
}

/// A descriptor that ended may be another connection's since.
void ZmqPeerSet::end_departed() {
    owner_.handle_events();
    may_have_left_ = false;
    for (ZmqPeer* const peer : departures_.take()) {
        if (gives_up_departed_) {
            peer->on_gone();
        }
    }
}

ZmqPeer& ZmqPeerSet::find_or_add(ZmqEnvelopeReader& message) {
    ZmqPeer* peer = find(message.envelope());
    if (peer != nullptr && is_secured_ && peer->peer_identity() != message.user_id()) {
        forget(*peer, {.code = Code::connection_lost,
                       .message = "Somebody else has come under the peer's routing id"});
        peer = nullptr;
    }
    last_ = peer == nullptr ? &add(message) : peer;
    return *last_;
}

ZmqPeer* ZmqPeerSet::find(std::string_view envelope) {
    if (last_ != nullptr && last_->envelope() == envelope) {
        return last_;
    }
    const auto found = peers_.find(envelope);
    if (found == peers_.end()) {
        return nullptr;
    }
    by_age_.splice(by_age_.end(), by_age_, by_age_.iterator_to(*found->second));
    return found->second.get();
}

ZmqPeer& ZmqPeerSet::add(ZmqEnvelopeReader& message) {
    forget_some();
    const bool is_refused = peers_.size() >= options_.peers_max;
    if (is_refused) {
        owner_.on_too_many_peers();
    }
    auto made = std::make_unique<ZmqPeer>(
        *this,
        ZmqPeer::Identity{std::string{message.envelope()}, std::string{message.user_id()},
                          std::string{message.peer_address()}, unsent_.of(message.routing_id()),
                          message.is_correlated(), is_refused});
    ZmqPeer& peer = *made;
    peers_.emplace(peer.envelope(), std::move(made));
    by_age_.push_back(peer);
    counters_.peers.add();
    peer.start(owner_.make_session(peer));
    return peer;
}

/// Two for each that comes, so that there are as many as may be kept, or as have work, in the end.
void ZmqPeerSet::forget_some() {
    for (int looked_at = 0; looked_at < 2 && peers_.size() >= kept_peers_max; ++looked_at) {
        ZmqPeer& oldest = by_age_.front();
        if (oldest.is_idle()) {
            forget(oldest, {.code = Code::connection_lost,
                            .message = "The peer was silent while many others spoke"});
        } else {
            by_age_.splice(by_age_.end(), by_age_, by_age_.begin());
        }
    }
}

void ZmqPeerSet::forget(ZmqPeer& peer, const Failure& why) {
    if (last_ == &peer) {
        last_ = nullptr;
    }
    by_age_.erase(by_age_.iterator_to(peer));
    departures_.forget(peer);
    // Its name is its own: it goes last.
    const auto node = peers_.extract(peer.envelope());
    counters_.peers.subtract();
    peer.end(why);
    if (peer.touched) {
        std::erase(touched_, &peer);
    }
}

void ZmqPeerSet::end_all(const Failure& why) {
    touched_.clear();
    while (!by_age_.empty()) {
        forget(by_age_.front(), why);
    }
}

void ZmqPeerSet::touch(ZmqPeer& peer) {
    if (!std::exchange(peer.touched, true)) {
        touched_.push_back(&peer);
        owner_.want_iteration_end();
    }
}

void ZmqPeerSet::settle(ZmqSocket& socket) {
    if (may_have_left_) [[unlikely]] {
        end_departed();
    }
    // What they want meanwhile is for the next time.
    settling_.swap(touched_);
    for (ZmqPeer* const peer : settling_) {
        peer->touched = false;
        const bool is_last = peer->settle();
        if (!send(*peer, socket)) {
            peer->on_gone();
        }
        if (peer->is_over()) {
            forget(*peer, gone());
        } else if (is_last) {
            forget(*peer, {.code = Code::connection_lost,
                           .message = "The connection was closed on this side"});
        }
    }
    settling_.clear();
}

bool ZmqPeerSet::may_send(const ZmqPeer& peer, std::size_t more_bytes) const noexcept {
    const std::size_t unsent = peer.unsent()->get();
    const bool is_little = unsent <= small_output_bytes;
    return unsent == 0 ||
           (unsent + more_bytes <= options_.output_bytes_per_peer_max &&
            (is_little || peer.unsent()->sum() + more_bytes <= options_.output_bytes_max));
}

bool ZmqPeerSet::send(ZmqPeer& peer, ZmqSocket& socket) {
    ZmqOutbox& outbox = peer.outbox();
    ZmqSocket::Sent sent = ZmqSocket::Sent::yes;
    for (; !outbox.empty(); outbox.pop()) {
        const auto message = outbox.front();
        if (sent != ZmqSocket::Sent::nowhere) {
            sent = may_send(peer, message.size()) ? send_message(socket, peer.envelope())
                                                  : ZmqSocket::Sent::full;
        }
        if (sent != ZmqSocket::Sent::yes) {
            counters_.dropped_messages.add();
            if (sent == ZmqSocket::Sent::full) {
                owner_.on_unread_response();
            }
            continue;
        }
        send_counted(socket, message, peer.unsent());
        counters_.messages_out.add();
        counters_.bytes_out.add(message.size());
    }
    peer.on_sent();
    return sent != ZmqSocket::Sent::nowhere;
}

}  // namespace warren::transport
