#include "runtime/message_server.hpp"

#include "core/assert.hpp"
#include "core/uuid.hpp"
#include "protocol/content.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

namespace warren::runtime {
namespace {

// How soon after a restart a broker delivers again what it had delivered before.
constexpr std::chrono::seconds recovery_max{10};

/// Whether a delivery may be of a request that came before. A broker that restarts forgets which
/// messages of a classic queue it had delivered: those that outlive it, the protocol::persistent
/// ones, come again unmarked, first of all. Without the mark only an id that is unique by its form
/// counts, and only of what is surely unanswered, or was answered just before the broker went away:
/// callers that use one id for all requests mean another one.
bool may_repeat(const protocol::Envelope& message, const MessageServerOptions& options) {
    const bool comes_again = options.lost_requests == LostRequests::come_again &&
                             options.acknowledge == Acknowledge::with_reply;
    return message.redelivered || (comes_again && message.delivery_mode == protocol::persistent &&
                                   core::parse_uuid(message.correlation_id).has_value());
}

}  // namespace

MessageServer::MessageServer(const protocol::MessageDialect& dialect, ServerPort& port,
                             Dispatcher& dispatcher, Log& log, MessageServerOptions options)
    : dialect_{dialect},
      port_{port},
      dispatcher_{dispatcher},
      log_{log},
      options_{std::move(options)},
      lane_{dispatcher, port.executor(), std::move(options_.policy)},
      mailbox_{std::make_shared<Mailbox>(port.executor(), [this] { take_finished(); })},
      replies_{log, port.executor(), lane_.policy().name},
      memory_{options_.in_flight_bytes_max},
      replays_{options_.replays} {
    WARREN_ASSERT(options_.in_flight_max > 0);
}

MessageServer::~MessageServer() {
    mailbox_->close();
    // What has returned and was not settled is delivered again.
    mailbox_->take_all([this](std::unique_ptr<Mail> mail) {
        if (!mail->is_part) {
            remove(static_cast<MessageJob&>(*mail));
        }
    });
    WARREN_ASSERT(in_flight_.empty());
    if (expiry_timer_) {
        port_.executor().cancel(*expiry_timer_);
    }
    if (ask_timer_) {
        port_.executor().cancel(*ask_timer_);
    }
}

void MessageServer::on_delivery(DeliveryId delivery, const protocol::Envelope& message) {
    if (stopping_) {
        port_.give_back(delivery);
        return;
    }
    counters_.bytes_received.add(message.body.size());
    if (replays_.size() != 0 && may_repeat(message, options_) && replay(delivery, message)) {
        return;
    }
    if (options_.acknowledge == Acknowledge::before_handling) {
        hold_or_take(delivery, message);
    } else {
        take(delivery, message);
    }
}

void MessageServer::hold_or_take(DeliveryId delivery, const protocol::Envelope& message) {
    if (!held_.empty() || is_full()) {
        held_.push_back({delivery, protocol::Message{message}});
        return;
    }
    port_.settle(delivery, nullptr);
    take(delivery, message);
}

void MessageServer::take_held() {
    while (!held_.empty() && !is_full()) {
        const Held next = std::move(held_.front());
        held_.pop_front();
        port_.settle(next.delivery, nullptr);
        take(next.delivery, next.message.view());
    }
}

void MessageServer::give_back_held() {
    for (const Held& held : std::exchange(held_, {})) {
        port_.give_back(held.delivery);
    }
}

void MessageServer::take(DeliveryId delivery, const protocol::Envelope& message) {
    std::unique_ptr<MessageJob> job = make_job(delivery, message);
    if (unsettled_ > options_.in_flight_max) {
        dialect_.remember(message, nullptr, job->address);
        dispatcher_.refuse(std::move(job),
                           {.code = Code::overloaded,
                            .message = "As many requests are being handled as may "
                                       "(max_simultaneous_requests)"},
                           lane_);
        return;
    }
    // How long it is tells nothing of what it inflates to.
    if (message.body.size() > quick_bytes_max || protocol::is_compressed(message)) {
        return take_large(std::move(job), message);
    }
    std::expected<protocol::Call, Failure> call;
    try {
        call = dialect_.decode_call(message, memory_.values);
    } catch (const std::bad_alloc&) {
        memory_.forget_values();
        return take_large(std::move(job), message);
    }
    dialect_.remember(message, call ? &*call : nullptr, job->address);
    if (call) {
        job->values_bytes = memory_.values.used_bytes();
        dispatcher_.dispatch(std::move(job), *call, lane_);
    } else {
        dispatcher_.refuse(std::move(job), std::move(call.error()), lane_);
    }
    memory_.forget_values();
}

void MessageServer::take_large(std::unique_ptr<MessageJob> job, const protocol::Envelope& message) {
    auto kept = job->keep(message);
    if (kept) {
        return dispatcher_.dispatch_large(std::move(job), std::move(*kept), lane_);
    }
    dialect_.remember(message, nullptr, job->address);
    dispatcher_.refuse(std::move(job), std::move(kept.error()), lane_);
}

std::unique_ptr<MessageJob> MessageServer::idle_job() {
    if (free_.empty()) {
        return std::make_unique<MessageJob>(dialect_, mailbox_, options_.reply_bytes_max);
    }
    std::unique_ptr<MessageJob> job = std::move(free_.back());
    free_.pop_back();
    return job;
}

std::unique_ptr<MessageJob> MessageServer::make_job(DeliveryId delivery,
                                                    const protocol::Envelope& message) {
    ++unsettled_;
    trim_settled();
    std::unique_ptr<MessageJob> job = idle_job();
    job->delivery = delivery;
    job->memory = &memory_.all;
    job->address.exchange = message.exchange;
    job->address.reply_to = message.reply_to;
    job->address.correlation_id = message.correlation_id;
    job->address.has_empty_correlation_id = message.has_empty_correlation_id;
    job->address.delivery_mode = message.delivery_mode;
    job->body_bytes = message.body.size();
    job->request_bytes = message.body.size();
    job->wants_answer = !message.reply_to.empty();
    if (job->is_recognizable()) {
        job->body_hash = hash_of(message.body);
    }
    job->place = in_flight_.size();
    in_flight_.push_back(job.get());
    return job;
}

void MessageServer::take_finished() {
    mailbox_->take_all([this](std::unique_ptr<Mail> mail) {
        if (mail->is_part) {
            port_.send(static_cast<const MessagePart&>(*mail).message.view());
        } else {
            settle(std::unique_ptr<MessageJob>{static_cast<MessageJob*>(mail.release())});
        }
    });
    if (memory_.is_worth_trimming(0)) [[unlikely]] {
        dispatcher_.trim_memory();
    }
    take_held();
    check_drained();
}

void MessageServer::remove(MessageJob& job) noexcept {
    in_flight_.back()->place = job.place;
    std::swap(in_flight_[job.place], in_flight_.back());
    in_flight_.pop_back();
}

void MessageServer::on_connected(std::uint64_t generation) {
    generation_ = generation;
    send_unsent();
    check_drained();
}

void MessageServer::on_consuming(std::uint64_t generation) {
    generation_ = generation;
    consuming_ = true;
    if (std::exchange(has_consumed_, true)) {
        counters_.reconnects.add();
    }
    last_loss_.clear();
    if (forgotten_after_ != UINT64_MAX && !recovers_until_) {
        recovers_until_ = port_.executor().now() + recovery_max;
    }
    log_.info(fmt::format("{}: consuming", lane_.policy().name));
    send_unsent();
    if (options_.on_consuming) {
        options_.on_consuming();
    }
}

void MessageServer::on_lost(std::uint64_t generation, const Failure& why) {
    if (generation_ == generation) {
        for (MessageJob* const job : in_flight_) {
            if (is_current(*job) && !job->given_back) {
                lose(*job);
            }
        }
        for (const Trial& trial : trials_) {
            if (is_current(*trial.job) && trial.job->is_recognizable()) {
                replays_.add_running(*trial.job);
            }
        }
        while (!settled_.empty()) {
            settled_.front()->response.may_be_acknowledged = true;
            remember(std::move(settled_.front()));
            settled_.pop_front();
        }
        replays_.doubt(generation, heard_);
        is_asking_ = false;
        settled_bytes_ = 0;
        unsettled_ = 0;
        held_.clear();
        generation_ = 0;
        consuming_ = false;
    }
    // A server that has drained closes its connection itself. Otherwise every attempt to connect
    // again may fail the same way; that is said once.
    const bool has_drained = stopped_ && in_flight_.empty();
    std::string loss = to_string(why);
    if (!has_drained && loss != last_loss_) {
        log_.warning(fmt::format("{}: not consuming: {}", lane_.policy().name, loss));
        last_loss_ = std::move(loss);
    }
    if (options_.on_lost) {
        options_.on_lost(why);
    }
}

void MessageServer::lose(MessageJob& job) {
    if (options_.lost_requests == LostRequests::come_again &&
        options_.acknowledge == Acknowledge::with_reply && drop(job)) {
        job.given_back = true;
    } else if (job.is_recognizable()) {
        replays_.add_running(job);
    }
}

bool MessageServer::drop(MessageJob& job) noexcept {
    return dispatcher_.withdraw(
        job, lane_,
        {.code = Code::connection_lost, .message = "Not started: the broker delivers it again"});
}

void MessageServer::drain(std::move_only_function<void()> on_drained) {
    on_drained_.push_back(std::move(on_drained));
    if (!stopping_) {
        stopping_ = true;
        give_back_held();
        if (generation_ != 0) {
            send_unsent();
        }
        port_.stop_consuming();
    }
    check_drained();
}

void MessageServer::stop_now(std::move_only_function<void()> on_drained) {
    for (MessageJob* const job : in_flight_) {
        if (!job->given_back && is_current(*job)) {
            port_.give_back(job->delivery);
        }
        if (!is_current(*job) && job->is_recognizable() && !job->given_back) {
            replays_.remove_running(*job);
        }
        job->given_back = true;
        drop(*job);
    }
    for (const Trial& trial : std::exchange(trials_, {})) {
        if (is_current(*trial.job)) {
            port_.give_back(trial.delivery);
        } else if (trial.job->is_recognizable()) {
            replays_.remove_running(*trial.job);
        }
    }
    // Neither the broker's word nor a connection is waited for.
    abandoned_ = stopped_ = true;
    if (on_drained) {
        drain(std::move(on_drained));
    } else {
        drain([] {});
    }
}

void MessageServer::on_unreachable() {
    forgotten_after_ = proven_;
    recovers_until_.reset();
}

void MessageServer::on_stopped() {
    consuming_ = false;
    stopped_ = true;
    check_drained();
}

void MessageServer::on_heard() {
    is_asking_ = false;
    proven_ = heard_;
    heard_ = asked_;
    if (sent_ != proven_) {
        ask_later();
    }
}

void MessageServer::check_drained() {
    if (!stopped_ || !in_flight_.empty() || !trials_.empty() ||
        (!abandoned_ && replays_.unsent() != 0)) {
        return;
    }
    // They may destroy this server, and the port that is calling it.
    for (std::move_only_function<void()>& on_drained : std::exchange(on_drained_, {})) {
        port_.executor().post(std::move(on_drained));
    }
}

}  // namespace warren::runtime
