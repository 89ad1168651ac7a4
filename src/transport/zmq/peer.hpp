#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"
#include "transport/zmq/envelope_reader.hpp"
#include "transport/zmq/outbox.hpp"
#include "transport/zmq/unsent_bytes.hpp"

#include <boost/intrusive/list_hook.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace warren::transport {

class ZmqPeerSet;

/// One that asks at a ROUTER: its messages go to a session, and what that says goes back the way
/// they came.          thread the I/O thread
class ZmqPeer final : public runtime::StreamConnection, public boost::intrusive::list_base_hook<> {
public:
    struct Identity {
        std::string envelope;                    // before each of its messages
        std::string user;                        // whom the handshake has let in
        std::string address;                     // of its host
        std::shared_ptr<ZmqUnsentBytes> unsent;  // of its socket
        bool is_single = false;                  // to be forgotten with its response
        bool is_refused = false;                 // to be forgotten at the end of this turn
    };

    ZmqPeer(ZmqPeerSet& home, Identity identity);

    void start(std::unique_ptr<runtime::StreamSession> session);
    /// A message has come.
    void take(std::span<const std::byte> message);
    /// Offer what had to wait; gives whether the peer is to be forgotten, once its output is sent.
    bool settle();
    /// Whether it has messages that wait, or requests under way.
    bool is_busy() const noexcept { return !is_through(); }
    /// Whether it would not be missed: it can be made anew.
    bool is_idle() const noexcept;
    bool is_single() const noexcept { return identity_.is_single; }
    bool is_refused() const noexcept { return identity_.is_refused; }
    /// Whether it chose its routing id, and can come back under it.
    bool has_own_id() const noexcept {
        return !routing_id_in(identity_.envelope).starts_with('\0');
    }
    std::string_view envelope() const noexcept { return identity_.envelope; }
    ZmqOutbox& outbox() noexcept { return outbox_; }
    const std::shared_ptr<ZmqUnsentBytes>& unsent() const noexcept { return identity_.unsent; }
    /// The output was sent, or dropped.
    void on_sent();
    /// It speaks by another connection from now on.
    void on_moved();
    /// Nobody has its routing id any more. What it sent before it went is served to its end.
    void on_gone();
    /// Whether it is gone, and all that it sent is served.
    bool is_over() const noexcept { return gone_ && is_through(); }
    /// It is forgotten: the last call.
    void end(const Failure& why);

    std::string& output() noexcept override { return outbox_.bytes(); }
    void touch() override;
    void end_message() override { outbox_.end_message(); }
    void pause() override { paused_ = true; }
    void resume() override;
    void close_after_output() override;
    std::string_view peer_identity() const noexcept override { return identity_.user; }
    std::string peer_address() const override;
    std::string_view overload_reason() const noexcept override;
    bool has_moved() const noexcept override { return offers_moved_; }

    bool touched = false;  // it is among those that the set settles at the end of this turn
    int descriptor = -1;   // of the connection it came by, while that is known to be there

private:
    void offer(std::span<const std::byte> message);
    void offer_queued();
    void keep(std::span<const std::byte> message, bool first);
    void count_queued(std::size_t fewer_bytes, std::size_t more_bytes) noexcept;
    bool is_through() const noexcept {
        return !paused_ && queued_ == nullptr && (session_ == nullptr || !session_->is_busy());
    }

    ZmqPeerSet& home_;
    const Identity identity_;
    std::unique_ptr<runtime::StreamSession> session_;
    bool paused_ = false;
    bool closing_ = false;
    bool gone_ = false;
    ZmqOutbox outbox_;
    // Messages that wait; null: none, as is usual.
    std::unique_ptr<std::deque<std::string>> queued_;
    std::size_t queued_bytes_ = 0;   // with what keeping them takes
    std::size_t queued_before_ = 0;  // of them, the first so many came before it moved
    bool offers_moved_ = false;      // one of those, now
};

}  // namespace warren::transport
