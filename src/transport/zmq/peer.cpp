#include "transport/zmq/peer.hpp"

#include "transport/zmq/peer_set.hpp"

#include <utility>

namespace warren::transport {

ZmqPeer::ZmqPeer(ZmqPeerSet& home, Identity identity)
    : home_{home}, identity_{std::move(identity)} {}

void ZmqPeer::start(std::unique_ptr<runtime::StreamSession> session) {
    session_ = std::move(session);
    closing_ = session_ == nullptr;
}

void ZmqPeer::take(std::span<const std::byte> message) {
    if (closing_) {
        return home_.counters().refused_messages.add();
    }
    if (paused_ || queued_ != nullptr) {
        return keep(message, false);
    }
    offer(message);
}

void ZmqPeer::offer(std::span<const std::byte> message) {
    const auto taken = session_->on_input(message);
    if (taken.bytes < message.size() && paused_) {
        keep(message.subspan(taken.bytes), true);
    }
}

void ZmqPeer::offer_queued() {
    while (queued_ != nullptr && !paused_ && !closing_) {
        const std::string message = std::move(queued_->front());
        queued_->pop_front();
        home_.count_queued(message.size(), 0);
        if (queued_->empty()) {
            queued_.reset();
        }
        offer(std::as_bytes(std::span{message}));
    }
}

void ZmqPeer::keep(std::span<const std::byte> message, bool first) {
    // What was begun goes on, in any case.
    if (!first && !home_.may_queue(queued_ == nullptr ? 0 : queued_->size(), message.size())) {
        return home_.counters().refused_messages.add();
    }
    if (queued_ == nullptr) {
        queued_ = std::make_unique<std::deque<std::string>>();
    }
    home_.count_queued(0, message.size());
    std::string text{reinterpret_cast<const char*>(message.data()), message.size()};
    if (first) {
        queued_->push_front(std::move(text));
    } else {
        queued_->push_back(std::move(text));
    }
}

bool ZmqPeer::settle() {
    offer_queued();
    return closing_ || is_refused() ||
           (is_single() && !paused_ && queued_ == nullptr && !session_->is_busy());
}

std::string_view ZmqPeer::obstacle() const noexcept {
    return is_refused() ? "As many peers have requests under way as may (connections_max)"
                        : std::string_view{};
}

bool ZmqPeer::is_idle() const noexcept {
    return !touched && !paused_ && queued_ == nullptr && outbox_.empty() &&
           (session_ == nullptr || !session_->is_busy());
}

void ZmqPeer::end(const Failure& why) {
    if (queued_ != nullptr) {
        for (const std::string& message : *queued_) {
            home_.count_queued(message.size(), 0);
        }
        home_.counters().refused_messages.add(queued_->size());
        queued_.reset();
    }
    if (const auto session = std::exchange(session_, nullptr)) {
        session->on_closed(why);
    }
}

void ZmqPeer::on_sent() {
    outbox_.clear();
    if (session_ != nullptr) {
        session_->on_unsent(0);
    }
}

void ZmqPeer::touch() {
    home_.touch(*this);
}

void ZmqPeer::resume() {
    paused_ = false;
    home_.touch(*this);
}

void ZmqPeer::close_after_output() {
    closing_ = true;
    home_.touch(*this);
}

}  // namespace warren::transport
