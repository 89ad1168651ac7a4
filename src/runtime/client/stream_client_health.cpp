#include "runtime/client/stream_client.hpp"

#include <algorithm>
#include <utility>

// Which of several servers, or of several addresses of one, are worth calling: those that answer. A
// connection says little, as the system makes it for a process that stands still, too.
namespace warren::runtime {

void StreamClient::put_on_trial(StreamClientSession& session) {
    const bool has_others = has_choice_ || session.connection().has_alternatives();
    if (has_others && can_probe() && !pool_->is_proven(session.address(), now())) {
        session.trial_until = now() + options_.response_patience;
        probe(session);
    }
}

/// Told as an attempt to connect that failed.
void StreamClient::fail_trial(StreamClientSession& session, const Failure& why) {
    if (!session.is_on_trial()) {
        return;
    }
    pool_->on_trial_failed(session, why);
    // Not at once: the connection is on its way out.
    executor().post([weak = weak_from_this()] {
        const auto self = std::static_pointer_cast<StreamClient>(weak.lock());
        if (self != nullptr && !self->is_closed() && self->pool_->is_hopeless()) {
            self->fail_waiting();
        }
    });
}

void StreamClient::probe(StreamClientSession& session) {
    CallSlots::Slot& slot = session.slots.add(StreamClientSession::probe_token);
    std::string& output = session.connection().output();
    const protocol::Call ping{.method = protocol_->probe_method(), .arguments = Value::list({})};
    if (!protocol_->encode_call(ping, slot.ticket, unix_ms(), output)) {
        return session.slots.remove(slot);
    }
    session.connection().end_message();
    session.connection().touch();
    session.probed(slot.ticket.id);
    if (session.slots.size() == 1) {
        session.owes_since = now();
    }
    watch();
}

void StreamClient::on_sign_of_life(StreamClientSession& session) {
    pool_->on_answered(session);
}

/// As long as answers are owed.
void StreamClient::watch() {
    if (!std::exchange(is_watching_, true)) {
        health_timer_ = executor().post_at(now() + options_.response_patience / 2, [this] {
            is_watching_ = false;
            check_health();
        });
    }
}

bool StreamClient::is_watched(const StreamClientSession& session) const noexcept {
    return !session.slots.empty() && (has_choice_ || session.is_on_trial());
}

void StreamClient::check_health() {
    // From the end, because one that is dropped leaves.
    for (std::size_t at = sessions_.size(); at-- != 0;) {
        check_health(*sessions_[at]);
    }
    if (!waiting_.empty()) {
        send_waiting();
    }
    if (std::ranges::any_of(sessions_, [this](const auto* each) { return is_watched(*each); })) {
        watch();
    }
}

void StreamClient::check_health(StreamClientSession& session) {
    if (!is_watched(session) || session.is_retired) {
        return;
    }
    const auto silence = [&](TimePoint since) {
        return now() - std::max(session.last_life_at(), since);
    };
    if (!can_probe()) {
        if (silence(session.owes_since) >= options_.silence_max) {
            pool_->doubt(session, now(), false);
        }
        return;
    }
    if (!session.probed_at()) {
        if (silence(session.owes_since) >= options_.response_patience) {
            probe(session);
        }
        return;
    }
    const auto unanswered = silence(*session.probed_at());
    if (unanswered < options_.response_patience) {
        return;
    }
    pool_->doubt(session, now(), true);
    const bool is_useless = session.is_on_trial() && session.connection().has_alternatives();
    if (is_useless || unanswered >= options_.silence_max) {
        const std::string where = connector_->display(session.address());
        const Failure why{.code = Code::connection_lost,
                          .message = where + " takes connections, but does not answer"};
        log_line(LogLevel::warning, why.message);
        fail_trial(session, why);
        retire(session);
    }
}

/// A peer that is gone without a word shows by its silence alone.
void StreamClient::check_silence(StreamClientSession& session, const ClientCall& call) {
    const TimePoint silent_since = session.last_life_at();
    const bool is_due = time_left(call) <= std::chrono::milliseconds{0};
    if (is_due && silent_since + std::max(call.timeout, options_.silence_max) <= now()) {
        return retire(session);
    }
    if (session.is_retired && session.slots.empty()) {
        drop(session);
    }
}

/// It gets no more calls; those that it has may still be answered.
void StreamClient::retire(StreamClientSession& session) {
    session.is_retired = true;
    session.forget_probe();
    pool_->remove(session, now());
    if (session.slots.empty()) {
        drop(session);
    }
}

/// A call has timed out, and meanwhile nothing came.
void StreamClient::suspect(StreamClientSession& session) {
    if (!session.is_retired) {
        pool_->doubt(session, now(), can_probe());
        if (can_probe() && !session.probed_at()) {
            probe(session);
        }
    }
}

}  // namespace warren::runtime
