#include "protocol/control.hpp"
#include "runtime/server/message_server.hpp"

// What becomes of calls that nobody waits for any more.
namespace warren::runtime {

/// It may come before its request, and the request again: the call is remembered in any case.
void MessageServer::on_control(const protocol::MessageView& message) {
    if (const auto credit = protocol::read_credit(message)) {
        return take_credit(*credit);
    }
    const auto cancellation = protocol::read_cancellation(message);
    if (!cancellation) {
        return;
    }
    const TimePoint now = transport_.executor().now();
    cancelled_.add(cancellation->correlation_id, cancellation->user_id,
                   now + cancellation->request_expires_after);
    // All of one turn at once: each time all calls are looked at.
    if (!cancel_timer_) {
        cancel_timer_ = transport_.executor().post_at(now, [this] {
            cancel_timer_.reset();
            end_cancelled();
        });
    }
}

/// Every server of the queue hears it, and it may come after the end.
void MessageServer::take_credit(const protocol::Credit& credit) {
    if (const auto found = flows_.find(credit.correlation_id); found != flows_.end()) {
        // What waits for it may end the call here, and be forgotten.
        const std::shared_ptr<PartsFlow> flow = found->second;
        flow->done(credit.bytes_done);
    }
}

/// Others than Warren's clients may use an id for several requests, which is then no UUID; nor do
/// they cancel.
bool MessageServer::is_cancelled(const MessageServerCall& call) {
    const auto id = call.wants_response ? Uuid::parse(call.address.correlation_id) : std::nullopt;
    return id && cancelled_.contains(*id, call.user_id, transport_.executor().now());
}

/// One that runs keeps its place, as it is one of those that may run at once: its handler hears of
/// it.
void MessageServer::end_cancelled() {
    dispatcher_.abandon(listener_, [this](ServerCall& any) {
        auto& call = static_cast<MessageServerCall&>(any);
        call.is_cancelled = call.is_cancelled || is_cancelled(call);
        return call.is_cancelled;
    });
}

}  // namespace warren::runtime
