#include "runtime/server/message_server.hpp"

#include "core/assert.hpp"
#include "core/uuid.hpp"
#include "protocol/compressed_body.hpp"
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
bool may_repeat(const protocol::MessageView& message, const MessageServerOptions& options) {
    const bool comes_again = options.lost_requests == LostRequests::come_again &&
                             options.acknowledge == Acknowledge::with_reply;
    return message.came_before() || (comes_again && message.delivery_mode == protocol::persistent &&
                                     Uuid::parse(message.correlation_id).has_value());
}

}  // namespace

MessageServer::MessageServer(const protocol::MessageProtocol& protocol, ServerTransport& transport,
                             Dispatcher& dispatcher, Log& log, MessageServerOptions options)
    : protocol_{protocol},
      transport_{transport},
      dispatcher_{dispatcher},
      log_{log},
      options_{std::move(options)},
      listener_{dispatcher, transport.executor(), std::move(options_.listener)},
      completions_{
          std::make_shared<CompletionQueue>(transport.executor(), [this] { collect_finished(); })},
      replies_{log, transport.executor(), listener_.options().name},
      waits_{log, transport.executor(), listener_.options().name},
      heartbeats_{transport.executor()},
      memory_{options_.in_flight_bytes_max},
      redelivery_cache_{options_.redelivery_cache} {
    WARREN_ASSERT(options_.in_flight_max > 0);
    isolates_ = protocol::is_quorum(options_.moves.queue) && transport_.can_move() &&
                listener_.options().attempts_max != 0;
}

MessageServer::~MessageServer() {
    completions_->close();
    // What has returned and was not settled is delivered again.
    completions_->take_all([this](std::unique_ptr<CompletionEntry> entry) {
        if (entry->entry_kind == CompletionEntry::Kind::end) {
            remove(static_cast<MessageServerCall&>(*entry));
        }
    });
    WARREN_ASSERT(in_flight_.empty());
    if (expiry_timer_) {
        transport_.executor().cancel(*expiry_timer_);
    }
    if (ask_timer_) {
        transport_.executor().cancel(*ask_timer_);
    }
    if (cancel_timer_) {
        transport_.executor().cancel(*cancel_timer_);
    }
    if (suspect_timer_) {
        transport_.executor().cancel(*suspect_timer_);
    }
    stop_awaiting();
}

void MessageServer::on_delivery(DeliveryId delivery, const protocol::MessageView& message) {
    if (stopping_ && !is_recovering_) {
        transport_.requeue(delivery);
        return;
    }
    counters_.bytes_received.add(message.body.size());
    if (redelivery_cache_.size() != 0 && may_repeat(message, options_) &&
        replay(delivery, message)) {
        return end_recovery_if_complete();
    }
    if (stopping_) {
        // Given back at once it would come again at once.
        passed_over_.push_back(delivery);
        return;
    }
    if (options_.acknowledge == Acknowledge::before_handling) {
        hold_or_accept(delivery, message);
    } else if (!isolates_ || !hold_if_suspect(delivery, message)) {
        take(delivery, message);
    }
}

void MessageServer::hold_or_accept(DeliveryId delivery, const protocol::MessageView& message) {
    if (!held_.empty() || is_full()) {
        held_.push_back({delivery, protocol::OwnedMessage{message}, transport_.executor().now()});
        return;
    }
    transport_.settle(delivery, nullptr);
    take(delivery, message);
}

void MessageServer::accept_held() {
    while (!held_.empty() && !is_full()) {
        const Held next = std::move(held_.front());
        held_.pop_front();
        transport_.settle(next.delivery, nullptr);
        take(next.delivery, next.message.view(),
             std::chrono::duration_cast<std::chrono::milliseconds>(transport_.executor().now() -
                                                                   next.came_at));
    }
}

void MessageServer::requeue_held() {
    for (const Held& held : std::exchange(held_, {})) {
        transport_.requeue(held.delivery);
    }
}

void MessageServer::take(DeliveryId delivery, const protocol::MessageView& message,
                         std::chrono::milliseconds held) {
    std::unique_ptr<MessageServerCall> call = make_call(delivery, message);
    const Arrival arrival{.unix_ms = transport_.executor().unix_ms() - held.count(), .held = held};
    if (auto refusal = refusal_of(*call)) [[unlikely]] {
        protocol_.remember(message, nullptr, call->address);
        return dispatcher_.refuse(std::move(call), std::move(*refusal), listener_);
    }
    // How long it is tells nothing of what it inflates to.
    if (message.body.size() > quick_bytes_max || protocol::is_compressed(message)) {
        return accept_large(std::move(call), message, arrival);
    }
    std::expected<protocol::Call, Failure> request;
    try {
        request = protocol_.decode_call(message, memory_.values);
    } catch (const std::bad_alloc&) {
        memory_.forget_values();
        return accept_large(std::move(call), message, arrival);
    }
    protocol_.remember(message, request ? &*request : nullptr, call->address);
    if (request) {
        waits_.count_down(request->metadata, arrival);
        call->values_bytes = memory_.values.used_bytes();
        dispatcher_.dispatch(std::move(call), *request, listener_);
    } else {
        dispatcher_.refuse(std::move(call), std::move(request.error()), listener_);
    }
    memory_.forget_values();
}

std::optional<Failure> MessageServer::refusal_of(MessageServerCall& call) {
    if (unsettled_ > options_.in_flight_max) [[unlikely]] {
        return Failure{.code = Code::overloaded,
                       .message =
                           "As many requests are being handled as may "
                           "(max_simultaneous_requests)"};
    }
    if (!cancelled_.empty() && is_cancelled(call)) [[unlikely]] {
        call.is_cancelled = true;
        return abandoned();
    }
    return std::nullopt;
}

void MessageServer::accept_large(std::unique_ptr<MessageServerCall> call,
                                 const protocol::MessageView& message, const Arrival& arrival) {
    // Reading may end without a call, where memory does.
    protocol_.remember(message, nullptr, call->address);
    auto kept = call->keep(message, waits_, arrival);
    if (kept) {
        return dispatcher_.dispatch_large(std::move(call), std::move(*kept), listener_);
    }
    dispatcher_.refuse(std::move(call), std::move(kept.error()), listener_);
}

MessageServerUpdate MessageServer::renew(MessageServerUpdate update) {
    options_.in_flight_bytes_max = update.in_flight_bytes_max;
    memory_.all.set_bytes_max(options_.in_flight_bytes_max);
    options_.compress_bytes_min = update.compress_bytes_min;
    update.policy = listener_.renew(std::move(update.policy));
    free_.clear();  // they have what was before
    return update;
}

std::unique_ptr<MessageServerCall> MessageServer::idle_job() {
    if (free_.empty()) {
        return std::make_unique<MessageServerCall>(protocol_, completions_,
                                                   options_.reply_bytes_max,
                                                   options_.compress_bytes_min.value_or(0));
    }
    std::unique_ptr<MessageServerCall> call = std::move(free_.back());
    free_.pop_back();
    return call;
}

std::unique_ptr<MessageServerCall> MessageServer::make_call(DeliveryId delivery,
                                                            const protocol::MessageView& message) {
    ++unsettled_;
    trim_settled();
    std::unique_ptr<MessageServerCall> call = idle_job();
    call->delivery = delivery;
    call->memory = &memory_.all;
    call->address.exchange = message.exchange;
    call->address.reply_to = message.reply_to;
    call->address.correlation_id = message.correlation_id;
    call->address.has_empty_correlation_id = message.has_empty_correlation_id;
    call->address.delivery_mode = message.delivery_mode;
    call->user_id = message.user_id;
    call->address.compression = options_.compress_bytes_min
                                    ? protocol::accepted_compression(message)
                                    : format::Compression::none;
    call->body_bytes = message.body.size();
    call->request_bytes = message.body.size();
    call->wants_response = !message.reply_to.empty();
    if (listener_.policy()->interceptors() != nullptr) [[unlikely]] {
        // Of what cannot be read, too.
        call->state.context.caller = call->arena.copy(message.user_id);
    }
    call->hears_credit = call->is_recognizable() && transport_.hears_control();
    if (transport_.can_move()) {
        call->keep_request(message);
    }
    if (call->is_recognizable()) {
        call->body_hash = hash_of(message.body);
        if (is_doubtful(message)) [[unlikely]] {
            call->progress.may_be_doubled = true;
            redelivery_cache_.add_running(*call);
        }
    }
    call->index = in_flight_.size();
    in_flight_.push_back(call.get());
    return call;
}

void MessageServer::collect_finished() {
    completions_->take_all([this](std::unique_ptr<CompletionEntry> entry) {
        switch (entry->entry_kind) {
        case CompletionEntry::Kind::part:
            send_part(static_cast<const MessagePart&>(*entry));
            break;
        case CompletionEntry::Kind::heartbeats:
            begin_heartbeats(static_cast<const HeartbeatsBegin&>(*entry));
            break;
        case CompletionEntry::Kind::end:
            settle(std::unique_ptr<MessageServerCall>{
                static_cast<MessageServerCall*>(entry.release())});
            break;
        }
    });
    if (memory_.is_worth_trimming(0)) [[unlikely]] {
        dispatcher_.trim_memory();
    }
    accept_held();
    if (isolation_ != Isolation::none) [[unlikely]] {
        step_isolation();
    }
    check_drained();
}

void MessageServer::send_part(const MessagePart& part) {
    const protocol::MessageView message = part.message.view();
    if (part.flow != nullptr) {
        flows_.try_emplace(std::string{message.correlation_id}, part.flow);
    }
    transport_.send(message);
}

void MessageServer::begin_heartbeats(const HeartbeatsBegin& begin) {
    auto& call = static_cast<MessageServerCall&>(begin.call);
    if (auto beat = call.heartbeat()) {
        call.heartbeats = heartbeats_.add(
            begin.interval, [this, message = std::make_shared<protocol::OwnedMessage>(
                                       std::move(*beat))] { transport_.send(message->view()); });
    }
}

void MessageServer::remove(MessageServerCall& call) noexcept {
    if (call.heartbeats != 0) [[unlikely]] {
        heartbeats_.remove(call.heartbeats);
    }
    if (call.state.parts != nullptr) [[unlikely]] {
        flows_.erase(call.address.correlation_id);
    }
    in_flight_.back()->index = call.index;
    std::swap(in_flight_[call.index], in_flight_.back());
    in_flight_.pop_back();
}

void MessageServer::on_consuming(std::uint64_t generation) {
    generation_ = generation;
    consuming_ = true;
    if (std::exchange(has_consumed_, true)) {
        counters_.reconnects.add();
    }
    last_loss_.clear();
    if (forgotten_after_ != UINT64_MAX && !recovers_until_) {
        recovers_until_ = transport_.executor().now() + recovery_max;
    }
    log_.info(fmt::format("{}: consuming", listener_.options().name));
    send_unsent();
    await_redeliveries();
    if (options_.on_consuming) {
        options_.on_consuming();
    }
}

void MessageServer::on_lost(std::uint64_t generation, const Failure& why) {
    if (generation_ == generation) {
        for (MessageServerCall* const call : in_flight_) {
            if (is_current(*call) && !call->requeued) {
                lose(*call);
            }
        }
        for (const Trial& trial : trials_) {
            if (is_current(*trial.call) && trial.call->is_recognizable()) {
                trial.call->progress.comes_again = comes_again();
                redelivery_cache_.add_running(*trial.call);
            }
        }
        while (!settled_.empty()) {
            settled_.front()->progress.may_be_acknowledged = true;
            remember(std::move(settled_.front()));
            settled_.pop_front();
        }
        redelivery_cache_.doubt(generation, heard_, comes_again());
        stop_awaiting();
        is_asking_ = false;
        settled_bytes_ = 0;
        unsettled_ = 0;
        held_.clear();
        passed_over_.clear();
        generation_ = 0;
        consuming_ = false;
        lose_moving();
        end_isolation(false);
    }
    // A server that has drained closes its connection itself. Otherwise every attempt to connect
    // again may fail the same way; that is said once.
    const bool has_drained = stopped_ && in_flight_.empty();
    std::string loss = to_string(why);
    if (!has_drained && loss != last_loss_) {
        log_.warning(fmt::format("{}: not consuming: {}", listener_.options().name, loss));
        last_loss_ = std::move(loss);
    }
    if (options_.on_lost) {
        options_.on_lost(why);
    }
}

void MessageServer::on_interrupted(const Failure& why) {
    consuming_ = false;
    if (options_.on_lost) {
        options_.on_lost(why);
    }
}

void MessageServer::lose(MessageServerCall& call) {
    if (comes_again() && drop(call)) {
        redelivery_cache_.remove_running(call);
        call.requeued = true;
    } else if (call.is_recognizable()) {
        call.progress.comes_again = comes_again();
        redelivery_cache_.add_running(call);
    }
}

bool MessageServer::drop(MessageServerCall& call) noexcept {
    return dispatcher_.withdraw(
        call, listener_,
        {.code = Code::connection_lost, .message = "Not started: the broker delivers it again"});
}

void MessageServer::on_unreachable() {
    forgotten_after_ = proven_;
    recovers_until_.reset();
}

void MessageServer::on_heard() {
    is_asking_ = false;
    proven_ = heard_;
    heard_ = asked_;
    if (sent_ != proven_) {
        ask_later();
    }
    if (isolation_ == Isolation::proving) [[unlikely]] {
        run_suspect();
    } else if (isolation_ == Isolation::clearing) [[unlikely]] {
        step_isolation();
    }
}

}  // namespace warren::runtime
