#include "transport/amqp/queue_consumer.hpp"

#include "amqp/methods/basic.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace warren::transport {

QueueConsumer::QueueConsumer(Link& link, const AmqpServerOptions& options, ChannelUser& others)
    : link_{link},
      options_{options},
      others_{others},
      watch_{link,
             [this](LogLevel level, const Failure& failure) { log(level, failure); },
             {.exchange_gone = [this](const Failure& why) { sink_->on_interrupted(why); },
              .exchanges_back = [this] { exchanges_back(); },
              .queue_gone = [this](const Failure& why) { interrupted(why); }}} {}

QueueConsumer::~QueueConsumer() {
    link_.executor().cancel(retry_timer_);
    if (channel_ != 0) {
        acknowledge();
        link_.close_channel(channel_);
    }
}

void QueueConsumer::open() {
    const auto channel = link_.open_channel(*this);
    if (!channel) {
        log(LogLevel::error, explain(channel.error(), "A channel"));
        return retry(backoff_.next_refused());
    }
    channel_ = *channel;
    ++generation_;
    unsettled_.clear();
    declarations_.clear();
    declare();
}

void QueueConsumer::down(const Failure& why) {
    channel_ = 0;
    link_.executor().cancel(retry_timer_);
    lose(why);
}

void QueueConsumer::stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    is_paused_ = false;
    if (!consumer_tag_.empty()) {
        cancel();
    } else if (channel_ == 0 || declarations_.empty()) {
        link_.executor().post(core::while_alive(std::weak_ptr{life_}, [this] { stopped(); }));
    }
    // Otherwise consuming is asked for already; it is cancelled once it began.
}

void QueueConsumer::resume() {
    stopping_ = stop_reported_ = false;
    if (channel_ != 0 && consumer_tag_.empty()) {
        declare();
    }
}

void QueueConsumer::pause() {
    if (stopping_ || std::exchange(is_paused_, true)) {
        return;
    }
    if (!consumer_tag_.empty()) {
        return cancel();
    }
    link_.executor().post(core::while_alive(std::weak_ptr{life_}, [this] {
        if (is_paused_) {
            sink_->on_paused();
        }
    }));
}

void QueueConsumer::unpause() {
    if (!std::exchange(is_paused_, false) || channel_ == 0 || stopping_ || !consumer_tag_.empty()) {
        return;
    }
    is_resuming_ =
        declarations_.consume(link_.core(), channel_, {.queue = options_.queue}).has_value();
    link_.touch();
}

void QueueConsumer::settle(runtime::DeliveryId delivery) {
    if (delivery.generation == generation_) {
        unsettled_.settle(delivery.tag);
    }
}

void QueueConsumer::requeue(runtime::DeliveryId delivery) {
    if (channel_ != 0 && delivery.generation == generation_ && unsettled_.remove(delivery.tag)) {
        refuse(delivery.tag, true);
    }
}

void QueueConsumer::reject(runtime::DeliveryId delivery) {
    if (channel_ != 0 && delivery.generation == generation_ && unsettled_.remove(delivery.tag)) {
        refuse(delivery.tag, false);
    }
}

void QueueConsumer::acknowledge() {
    unsettled_.flush([this](std::uint64_t tag, bool multiple) {
        (void)link_.core().basic_ack(channel_, {.delivery_tag = tag, .multiple = multiple});
    });
}

/// The broker works a channel off in order: its response to a harmless question comes last.
bool QueueConsumer::ask() {
    link_.touch();
    return declarations_.set_prefetch(link_.core(), channel_, options_.prefetch).has_value();
}

void QueueConsumer::log(LogLevel level, const Failure& failure) {
    std::string line = to_string(failure);
    if (link_.log() != nullptr && line != last_line_) {
        last_line_ = std::move(line);
        link_.log()->write(level, last_line_);
    }
}

void QueueConsumer::on_channel_event(const amqp::Event& event) {
    if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
        return deliver(*delivery, event);
    }
    declarations_.answered(event);
    if (const auto* started = std::get_if<amqp::ConsumeStarted>(&event)) {
        consuming(*started);
    } else if (std::holds_alternative<amqp::ConsumeStopped>(event)) {
        consumer_tag_.clear();
        is_paused_ ? sink_->on_paused() : stopped();
    } else if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
        cancelled();
    } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        channel_ = 0;
        others_.on_channel_event(event);
        channel_closed(*closed);
    } else {
        others_.on_channel_event(event);
    }
}

void QueueConsumer::deliver(const amqp::Delivery& delivery, const amqp::Event& event) {
    if (stopping_) {
        return refuse(delivery.delivery_tag, true);
    }
    unsettled_.delivered(delivery.delivery_tag);
    others_.on_channel_event(event);
}

void QueueConsumer::refuse(std::uint64_t tag, bool is_requeued) {
    (void)link_.core().basic_nack(channel_, {.delivery_tag = tag, .requeue = is_requeued});
    link_.touch();
}

void QueueConsumer::retry(std::chrono::milliseconds wait) {
    link_.executor().cancel(retry_timer_);
    retry_timer_ = link_.executor().post_at(link_.executor().now() + wait,
                                            core::while_alive(std::weak_ptr{life_}, [this] {
                                                if (link_.up()) {
                                                    channel_ == 0 ? open() : declare();
                                                }
                                            }));
}

/// Everything at once: the broker works it off in order, and answers in order.
void QueueConsumer::declare() {
    const std::expected<void, Failure> asked = declare_all();
    link_.touch();
    if (!asked) {
        log(LogLevel::error, asked.error());
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
        retry(backoff_.next_refused());
        if (stopping_) {
            stopped();
        }
    } else if (stopping_) {
        announced_ = true;
        link_.executor().post(core::while_alive(std::weak_ptr{life_}, [this] {
            if (channel_ != 0) {
                sink_->on_connected(generation_);
            }
        }));
    }
}

std::expected<void, Failure> QueueConsumer::declare_all() {
    amqp::ConnectionCore& core = link_.core();
    if (stopping_) {
        // Replies of what still runs go out through the exchanges; nothing else is needed.
        return declarations_.declare_exchanges(core, channel_, options_.topology);
    }
    auto asked = declarations_.declare(core, channel_, options_.topology, options_.queue);
    if (asked) {
        asked = declarations_.set_prefetch(core, channel_, options_.prefetch);
    }
    return asked ? declarations_.consume(core, channel_, {.queue = options_.queue}) : asked;
}

void QueueConsumer::consuming(const amqp::ConsumeStarted& started) {
    consumer_tag_ = started.consumer_tag;
    if (std::exchange(is_resuming_, false) && !stopping_) {
        return;
    }
    consuming_since_ = link_.executor().now();
    last_line_.clear();
    announced_ = true;
    if (stopping_) {
        sink_->on_connected(generation_);
    }
    // Who heard of it may have resumed.
    if (stopping_) {
        return cancel();
    }
    watch_.start(options_.topology, options_.queue);
    sink_->on_consuming(generation_);
}

void QueueConsumer::cancel() {
    if (declarations_.cancel(link_.core(), channel_, consumer_tag_)) {
        link_.touch();
    }
}

void QueueConsumer::stopped() {
    if (!std::exchange(stop_reported_, true)) {
        sink_->on_stopped();
    }
}

/// The queue was deleted, or its node is gone, or the time for a request is over. The channel, and
/// what it delivered, stays.
void QueueConsumer::cancelled() {
    consumer_tag_.clear();
    if (stopping_) {
        return stopped();
    }
    interrupted({.code = Code::connection_lost,
                 .message = fmt::format("The broker at {} cancelled the consumer of the queue "
                                        "'{}', as it does when the queue is deleted, and one "
                                        "of 4.3 also when a request is not acknowledged within "
                                        "its consumer_timeout; declaring it again",
                                        link_.endpoint().display(), options_.queue)});
}

/// Nothing comes from the queue, and the channel goes on. The watch finds it so where nodes of a
/// cluster were apart: then no consumer is cancelled.
void QueueConsumer::interrupted(const Failure& why) {
    if (stopping_ || is_paused_) {
        return;
    }
    log(LogLevel::warning, why);
    consumer_tag_.clear();
    retry(next_wait());
    sink_->on_interrupted(why);
}

void QueueConsumer::exchanges_back() {
    if (!stopping_ && (is_paused_ || !consumer_tag_.empty())) {
        last_line_.clear();
        sink_->on_consuming(generation_);
    }
}

void QueueConsumer::channel_closed(const amqp::ChannelClosed& closed) {
    const Failure why =
        explain(closed, link_.endpoint(),
                is_over(closed, amqp::BasicPublish::id) ? "A reply" : declarations_.oldest());
    log(LogLevel::error, why);
    retry(next_wait());
    lose(why);
}

void QueueConsumer::lose(const Failure& why) {
    watch_.stop();
    is_paused_ = is_resuming_ = false;
    consumer_tag_.clear();
    declarations_.clear();
    unsettled_.clear();
    if (std::exchange(announced_, false)) {
        sink_->on_lost(generation_, why);
    }
    if (stopping_) {
        stopped();
    }
}

/// Consuming that lasted starts a new row of attempts.
std::chrono::milliseconds QueueConsumer::next_wait() {
    constexpr std::chrono::seconds long_enough{10};
    if (link_.executor().now() - consuming_since_ > long_enough) {
        backoff_.reset();
    }
    return backoff_.next();
}

}  // namespace warren::transport
