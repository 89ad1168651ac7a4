#include "runtime/stream_server.hpp"
#include "runtime/stream_server_session.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// What becomes of calls that nobody waits for any more.
namespace warren::runtime {

void StreamServer::abandon(SessionId id) noexcept {
    dispatcher_.abandon(lane_, [this, id](Job& job) {
        auto& call = static_cast<StreamJob&>(job);
        const bool is_abandoned =
            call.session == id && call.ticket.wants_answer && !call.is_abandoned;
        if (is_abandoned) {
            let_go(call);
        }
        return is_abandoned;
    });
}

void StreamServer::cancel(const StreamServerSession& session, std::uint32_t id) {
    cancelled_.push_back({session.id(), id});
    // All of one turn at once: each time all calls are looked at.
    if (!cancel_timer_) {
        cancel_timer_ = port_.executor().post_at(port_.executor().now(), [this] {
            cancel_timer_.reset();
            take_cancelled();
        });
    }
}

void StreamServer::take_cancelled() {
    if (cancelled_.empty()) {
        return;
    }
    std::vector<Cancelled> cancelled = std::exchange(cancelled_, {});
    std::ranges::sort(cancelled);
    dispatcher_.abandon(lane_, [&](Job& job) {
        auto& call = static_cast<StreamJob&>(job);
        const bool is_cancelled =
            call.ticket.wants_answer && !call.is_abandoned &&
            std::ranges::binary_search(cancelled, Cancelled{call.session, call.ticket.id});
        if (is_cancelled) {
            call.is_cancelled = true;
            let_go(call);
        }
        return is_cancelled;
    });
    resume_held();
}

void StreamServer::let_go(StreamJob& job) noexcept {
    job.is_abandoned = true;
    ++abandoned_;
    if (StreamServerSession* const session = find(job.session)) {
        session->let_go_of_call();
    }
}

/// What was cancelled makes room first; once in a turn, as all calls are looked at for that.
std::optional<Failure> StreamServer::refusal_of(const StreamServerSession& session,
                                                bool wants_answer) {
    std::optional<Failure> refusal = refusal_for(session, wants_answer);
    const TimePoint turn = port_.executor().now();
    if (refusal && !cancelled_.empty() && room_made_at_ != turn) [[unlikely]] {
        room_made_at_ = turn;
        take_cancelled();
        refusal = refusal_for(session, wants_answer);
    }
    return refusal;
}

}  // namespace warren::runtime
