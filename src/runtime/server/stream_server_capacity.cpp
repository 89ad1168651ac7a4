#include "runtime/server/stream_server.hpp"
#include "runtime/server/stream_server_session.hpp"

#include <utility>

// Whether there is room for a call.
namespace warren::runtime {

/// What was cancelled makes room first; once in a turn, as all calls are looked at for that.
std::optional<Failure> StreamServer::refusal_of(const StreamServerSession& session,
                                                bool wants_response) {
    std::optional<Failure> refusal = refusal_for(session, wants_response);
    const TimePoint turn = acceptor_.executor().now();
    if (refusal && !cancelled_.empty() && room_made_at_ != turn) [[unlikely]] {
        room_made_at_ = turn;
        end_cancelled();
        refusal = refusal_for(session, wants_response);
    }
    return refusal;
}

std::optional<Failure> StreamServer::refusal_for(const StreamServerSession& session,
                                                 bool wants_response) const {
    if (stopping_) [[unlikely]] {
        return stopping();
    }
    if (const std::string_view overload_reason = session.overload_reason();
        !overload_reason.empty()) [[unlikely]] {
        return overloaded(std::string{overload_reason});
    }
    if (!wants_response) {
        return std::nullopt;
    }
    if (!session.is_reachable()) [[unlikely]] {
        return Failure{.code = Code::cancelled, .message = "The caller is gone"};
    }
    // The request itself is counted already.
    if (session.in_flight() > options_.limits.in_flight_per_connection_max) [[unlikely]] {
        return overloaded(
            "As many requests of this connection are being handled as may "
            "(connection_requests_max)");
    }
    if (waited_for() > options_.limits.in_flight_max) [[unlikely]] {
        return overloaded("As many requests are being handled as may (max_simultaneous_requests)");
    }
    if (const std::string_view overload_reason = overload_reason_for(session.share());
        !overload_reason.empty()) [[unlikely]] {
        return overloaded(std::string{overload_reason});
    }
    return std::nullopt;
}

/// One that nobody would hear the refusal of, and one alone, may be over the limit.
std::optional<Failure> StreamServer::hold_memory(StreamServerCall& call) {
    if (const char* const reason = call.memory->take_alone(call.request_bytes)) [[unlikely]] {
        if (call.wants_response && in_flight_ > 1) {
            return overloaded(reason);
        }
        call.memory->take_alone_anyway(call.request_bytes);
    }
    call.held_bytes = call.request_bytes;
    return std::nullopt;
}

std::string_view StreamServer::overload_reason_for(
    const ResponseBacklog::Share& share) const noexcept {
    if (backlog_.is_over(share)) [[unlikely]] {
        return "The answers that wait for this connection to take them have as many bytes as they "
               "may (connection_answers_bytes_max)";
    }
    if (backlog_.is_over()) [[unlikely]] {
        return "The answers that wait for connections to take them have as many bytes as they may "
               "(answers_bytes_max)";
    }
    return {};
}

bool StreamServer::has_room(const StreamServerSession& session) noexcept {
    // Without anything in flight nothing would finish, and nobody look again. What is refused in
    // any case needs none.
    return in_flight_ == 0 || !session.overload_reason().empty() ||
           (session.in_flight() < options_.limits.in_flight_per_connection_max &&
            waited_for() < options_.limits.in_flight_max &&
            (session.in_flight() == 0 || slots_[session.id().slot].memory.taken() <
                                             options_.limits.in_flight_bytes_per_connection_max) &&
            memory_.all.taken() < options_.limits.in_flight_bytes_max && listener_.has_room());
}

void StreamServer::stall(const StreamServerSession& session) {
    stalled_.push_back(session.id());
    if (!stall_timer_) {
        stall_timer_ = acceptor_.executor().post_at(acceptor_.executor().now(), [this] {
            stall_timer_.reset();
            resume_stalled();
        });
    }
}

void StreamServer::resume_stalled() {
    for (const SessionId id : std::exchange(stalled_, {})) {
        if (StreamServerSession* const session = find(id)) {
            session->resume();
        }
    }
}

void StreamServer::hold(const StreamServerSession& session) {
    held_.push_back(session.id());
}

void StreamServer::resume_held() {
    for (const SessionId id : std::exchange(held_, {})) {
        StreamServerSession* const session = find(id);
        if (session == nullptr) {
            continue;
        }
        if (has_room(*session)) {
            session->release();
        } else {
            held_.push_back(id);
        }
    }
}

}  // namespace warren::runtime
