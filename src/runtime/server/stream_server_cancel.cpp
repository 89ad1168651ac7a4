#include "runtime/server/stream_server.hpp"
#include "runtime/server/stream_server_session.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// What becomes of calls that nobody waits for any more.
namespace warren::runtime {

/// Where answers come in order every request may as well be one-way, as with pyzmqrpc: it runs, and
/// only a handler that has begun hears that nobody waits, also where it was forwarded to.
void StreamServer::abandon(SessionId id) noexcept {
    const bool all_run =
        speech_->protocol().response_order() == protocol::ResponseOrder::as_requested;
    dispatcher_.abandon(listener_, [this, id, all_run](ServerCall& any) {
        auto& call = static_cast<StreamServerCall&>(any);
        const bool is_elsewhere = call.state.parked != nullptr && !call.state.is_parked_unbegun;
        const bool is_abandoned = call.session == id && call.ticket.wants_response &&
                                  !call.is_abandoned &&
                                  (!all_run || call.has_begun() || is_elsewhere);
        if (is_abandoned) {
            let_go(call);
        }
        return is_abandoned;
    });
    if (!held_.empty()) {
        make_room_soon();
    }
}

void StreamServer::cancel(const StreamServerSession& session, std::uint32_t id,
                          protocol::Cancelled which) {
    cancelled_.push_back({session.id(), id, which});
    make_room_soon();
}

/// All of one turn at once: each time all calls are looked at. Nor may a transport that ends
/// connections be asked for the input of others meanwhile.
void StreamServer::make_room_soon() {
    if (!cancel_timer_) {
        cancel_timer_ = acceptor_.executor().post_at(acceptor_.executor().now(), [this] {
            cancel_timer_.reset();
            end_cancelled();
            resume_held();
        });
    }
}

void StreamServer::end_cancelled() {
    if (cancelled_.empty()) {
        return;
    }
    std::vector<CancelledCall> cancelled = std::exchange(cancelled_, {});
    const auto name_of = [](const CancelledCall& one) { return std::pair{one.session, one.id}; };
    std::ranges::sort(cancelled, {}, name_of);
    dispatcher_.abandon(listener_, [&](ServerCall& any) {
        auto& call = static_cast<StreamServerCall&>(any);
        const std::pair name{call.session, call.ticket.id};
        const auto found = std::ranges::lower_bound(cancelled, name, {}, name_of);
        const bool is_cancelled = call.ticket.wants_response && !call.is_abandoned &&
                                  found != cancelled.end() && name_of(*found) == name &&
                                  (found->which == protocol::Cancelled::always || call.has_begun());
        if (is_cancelled) {
            call.is_cancelled = true;
            let_go(call);
        }
        return is_cancelled;
    });
}

void StreamServer::let_go(StreamServerCall& any) noexcept {
    any.is_abandoned = true;
    ++abandoned_;
    if (StreamServerSession* const session = find(any.session)) {
        session->let_go_of_call();
    }
}

}  // namespace warren::runtime
