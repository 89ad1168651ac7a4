#include "transport/zmq/peer.hpp"

#include "core/utf8.hpp"
#include "transport/zmq/peer_set.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {
namespace {

// What it takes to keep a message, whatever its size.
constexpr std::size_t kept_message_bytes = 64;

}  // namespace

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
    if (std::exchange(gone_, false)) [[unlikely]] {
        session_->on_reachable(true);
        on_moved();
    }
    if (paused_ || queued_ != nullptr) {
        return keep(message, false);
    }
    offer(message);
}

void ZmqPeer::offer(std::span<const std::byte> message) {
    const auto taken = session_->on_input(message);
    if (paused_ && (taken.bytes < message.size() || taken.is_untaken)) {
        keep(message.subspan(taken.bytes), true);
    }
}

void ZmqPeer::offer_queued() {
    while (queued_ != nullptr && !paused_ && !closing_) {
        const std::string message = std::move(queued_->front());
        queued_->pop_front();
        count_queued(message.size() + kept_message_bytes, 0);
        if (queued_->empty()) {
            queued_.reset();
        }
        offers_moved_ = queued_before_ != 0;
        queued_before_ -= offers_moved_ ? 1 : 0;
        offer(std::as_bytes(std::span{message}));
        offers_moved_ = false;
    }
}

void ZmqPeer::keep(std::span<const std::byte> message, bool first) {
    // What was begun goes on, in any case.
    const std::size_t bytes = message.size() + kept_message_bytes;
    if (!first && !home_.may_queue(queued_bytes_, bytes)) {
        session_->on_overflow(message);
        return home_.drop_queued();
    }
    if (queued_ == nullptr) {
        queued_ = std::make_unique<std::deque<std::string>>();
    }
    count_queued(0, bytes);
    std::string text{reinterpret_cast<const char*>(message.data()), message.size()};
    if (first) {
        queued_before_ += offers_moved_ ? 1 : 0;
        queued_->push_front(std::move(text));
    } else {
        queued_->push_back(std::move(text));
    }
}

bool ZmqPeer::settle() {
    offer_queued();
    return closing_ || is_refused() || (is_single() && is_through());
}

/// "127.0.0.1, routing id 006b8b4567"; one that the peer chose is text, as a rule.
std::string ZmqPeer::peer_address() const {
    const std::string_view id = routing_id_in(identity_.envelope);
    std::string text = identity_.address + (identity_.address.empty() ? "" : ", ") + "routing id ";
    if (has_own_id()) {
        return text + '\'' + core::text_for_display(id) + '\'';
    }
    for (const char octet : id) {
        text += fmt::format("{:02x}", static_cast<unsigned char>(octet));
    }
    return text;
}

std::string_view ZmqPeer::overload_reason() const noexcept {
    return is_refused() ? "As many peers have requests under way as may (connections_max)"
                        : std::string_view{};
}

bool ZmqPeer::is_idle() const noexcept {
    return !touched && outbox_.empty() && is_through();
}

void ZmqPeer::end(const Failure& why) {
    if (queued_ != nullptr) {
        count_queued(queued_bytes_, 0);
        home_.counters().refused_messages.add(queued_->size());
        queued_.reset();
    }
    if (const auto session = std::exchange(session_, nullptr)) {
        session->on_closed(why);
    }
}

void ZmqPeer::count_queued(std::size_t fewer_bytes, std::size_t more_bytes) noexcept {
    queued_bytes_ += more_bytes - fewer_bytes;
    home_.count_queued(fewer_bytes, more_bytes);
}

void ZmqPeer::on_sent() {
    outbox_.clear();
    if (session_ != nullptr) {
        session_->on_unsent(0);
    }
}

void ZmqPeer::on_moved() {
    queued_before_ = queued_ == nullptr ? 0 : queued_->size();
    if (session_ != nullptr) {
        session_->on_moved();
    }
}

void ZmqPeer::on_gone() {
    if (!std::exchange(gone_, true) && session_ != nullptr) {
        session_->on_reachable(false);
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
