#include "transport/amqp/server_transport.hpp"

#include "amqp/reply_code.hpp"
#include "transport/amqp/ack_batch.hpp"
#include "transport/amqp/backoff.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_channel.hpp"
#include "transport/amqp/shared_replies.hpp"
#include "transport/amqp/topology_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace warren::transport {

using runtime::DeliveryId;
using runtime::Settlement;

class AmqpServerTransport::Impl final
    : public LinkUser,
      public ChannelUser,
      public ReplyChannelUser,
      public std::enable_shared_from_this<AmqpServerTransport::Impl> {
public:
    Impl(std::shared_ptr<Link> link, AmqpServerOptions options)
        : link_{std::move(link)},
          options_{std::move(options)},
          watch_{*link_,
                 [this](LogLevel level, const Failure& failure) { log_line(level, failure); }} {
        if (options_.topology.replies_on == protocol::RepliesOn::own_channel) {
            own_replies_.emplace(*link_, *this);
        }
    }

    Link& link() noexcept { return *link_; }

    void start(runtime::ServerSink& sink) {
        sink_ = &sink;
        shared_replies_.report_to(sink);
        link_->attach(*this);
    }

    void end() {
        link_->executor().cancel(retry_timer_);
        link_->detach(*this);
        own_replies_.reset();
        shared_replies_.close();
        watch_.stop();
        if (channel_ != 0) {
            flush_acknowledgements();
            link_->close_channel(channel_);
            channel_ = 0;
        }
    }

    Settlement settle(DeliveryId delivery, const protocol::MessageView* reply) {
        if (channel_ == 0) {
            return Settlement::not_connected;
        }
        if (reply != nullptr && !publish(delivery, *reply)) {
            return Settlement::on_trial;
        }
        if (delivery.generation == generation_) {
            unsettled_.settle(delivery.tag);
        }
        link_->touch();
        return Settlement::sent;
    }

    void requeue(DeliveryId delivery) {
        if (channel_ != 0 && delivery.generation == generation_ &&
            unsettled_.remove(delivery.tag)) {
            refuse(delivery.tag);
        }
    }

    void stop_consuming() {
        if (std::exchange(stopping_, true)) {
            return;
        }
        if (!consumer_tag_.empty()) {
            cancel();
        } else if (channel_ == 0 || declarations_.empty()) {
            later([](Impl& self) { self.stopped(); });
        }
        // Otherwise consuming is asked for already; it is cancelled once it began.
    }

    /// The broker works a channel off in order: its response to a harmless question comes last.
    void flush(std::move_only_function<void()> flushed) {
        flushed_ = std::move(flushed);
        if (channel_ == 0 || !ask_for_end()) {
            return later([](Impl& self) { self.end_flush(); });
        }
        link_->executor().post_at(link_->executor().now() + flush_max, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) {
                self->end_flush();
            }
        });
    }

    bool ask_what_was_read() {
        if (channel_ == 0 || asked_ || !consumes()) {
            return false;
        }
        // What was settled leaves before the question.
        flush_acknowledgements();
        return asked_ = ask_for_end();
    }

    void on_up() override {
        if (own_replies_) {
            own_replies_->open();
        }
        open();
    }

    void on_down(const Failure& why) override {
        channel_ = 0;
        if (own_replies_) {
            own_replies_->down(why, link_->ended_by_exception());
        }
        shared_replies_.connection_lost();
        link_->executor().cancel(retry_timer_);
        lose(why);
    }

    void on_attempt_failed(const Failure&, RetryClass) override { sink_->on_unreachable(); }
    // Replies and acknowledgements wait in the output; the broker goes on to deliver.
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}
    void before_write() override { flush_acknowledgements(); }

    void on_reply_accepted(DeliveryId delivery) override { sink_->on_tried(delivery, nullptr); }
    void on_reply_refused(DeliveryId delivery, const protocol::MessageView&,
                          const Failure& why) override {
        sink_->on_tried(delivery, &why);
    }
    void on_reply_lost(DeliveryId delivery, const protocol::MessageView& reply,
                       const Failure& why) override {
        sink_->on_reply_lost(delivery, reply, why);
    }
    void on_trouble(LogLevel level, const Failure& failure) override { log_line(level, failure); }

    void on_channel_event(const amqp::Event& event) override {
        if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
            return deliver(*delivery);
        }
        declarations_.answered(event);
        if (asked_ && std::holds_alternative<amqp::QosSet>(event)) {
            asked_ = false;
            sink_->on_heard();
        } else if (flushed_ && std::holds_alternative<amqp::QosSet>(event)) {
            if (!shared_replies_.take_redirected() || !ask_for_end()) {
                end_flush();
            }
        } else if (const auto* started = std::get_if<amqp::ConsumeStarted>(&event)) {
            consuming(*started);
        } else if (std::holds_alternative<amqp::ConsumeStopped>(event)) {
            consumer_tag_.clear();
            stopped();
        } else if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
            cancelled();
        } else if (const auto* reply = std::get_if<amqp::Returned>(&event)) {
            shared_replies_.returned(*reply);
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            channel_closed(*closed);
        }
    }

private:
    static constexpr std::chrono::seconds flush_max{2};

    bool ask_for_end() {
        link_->touch();
        return declarations_.set_prefetch(link_->core(), channel_, options_.prefetch).has_value();
    }

    void end_flush() {
        if (flushed_) {
            link_->executor().post(std::exchange(flushed_, nullptr));
        }
    }

    /// Nothing else is asked then that is answered like `ask`.
    bool consumes() const noexcept { return !consumer_tag_.empty() && declarations_.empty(); }

    void later(void (*function)(Impl&)) {
        link_->executor().post([weak = weak_from_this(), function] {
            if (const auto self = weak.lock()) {
                function(*self);
            }
        });
    }

    void retry(std::chrono::milliseconds wait) {
        link_->executor().cancel(retry_timer_);
        retry_timer_ =
            link_->executor().post_at(link_->executor().now() + wait, [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (self == nullptr || !self->link_->up()) {
                    return;
                }
                if (self->channel_ == 0) {
                    self->open();
                } else {
                    self->declare();
                }
            });
    }

    void open() {
        const auto channel = link_->open_channel(*this);
        if (!channel) {
            log_line(LogLevel::error, explain(channel.error(), "A channel"));
            return retry(backoff_.next_refused());
        }
        channel_ = *channel;
        ++generation_;
        unsettled_.clear();
        declarations_.clear();
        declare();
    }

    /// Everything at once: the broker works it off in order, and answers in order.
    void declare() {
        const std::expected<void, Failure> asked = ask();
        link_->touch();
        if (!asked) {
            log_line(LogLevel::error, asked.error());
            link_->close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
            retry(backoff_.next_refused());
            if (stopping_) {
                stopped();
            }
        } else if (stopping_) {
            announced_ = true;
            later([](Impl& self) {
                if (self.channel_ != 0) {
                    self.sink_->on_connected(self.generation_);
                }
            });
        }
    }

    std::expected<void, Failure> ask() {
        amqp::ConnectionCore& core = link_->core();
        std::expected<void, Failure> asked;
        for (const protocol::Exchange& exchange : options_.topology.exchanges) {
            if (asked) {
                asked = declarations_.declare(core, channel_, exchange);
            }
        }
        if (stopping_) {
            // Replies of what still runs go out through the exchanges; nothing else is needed.
            return asked;
        }
        for (const protocol::Queue& queue : options_.topology.queues) {
            if (asked) {
                asked = declarations_.declare(core, channel_, queue);
            }
        }
        for (const protocol::Binding& binding : options_.topology.bindings) {
            if (asked) {
                asked = declarations_.bind(core, channel_, binding, options_.queue);
            }
        }
        if (asked) {
            asked = declarations_.set_prefetch(core, channel_, options_.prefetch);
        }
        if (asked) {
            asked = declarations_.consume(core, channel_, {.queue = options_.queue});
        }
        return asked;
    }

    void consuming(const amqp::ConsumeStarted& started) {
        consumer_tag_ = started.consumer_tag;
        consuming_since_ = link_->executor().now();
        last_line_.clear();
        announced_ = true;
        if (stopping_) {
            sink_->on_connected(generation_);
            return cancel();
        }
        watch_.start(options_.topology, options_.queue);
        sink_->on_consuming(generation_);
    }

    void cancel() {
        if (declarations_.cancel(link_->core(), channel_, consumer_tag_)) {
            link_->touch();
        }
    }

    void stopped() {
        if (!std::exchange(stop_reported_, true)) {
            sink_->on_stopped();
        }
    }

    /// The queue was deleted, or its node is gone, or the time for a request is over. The channel,
    /// and what it delivered, stays.
    void cancelled() {
        consumer_tag_.clear();
        if (stopping_) {
            return stopped();
        }
        log_line(
            LogLevel::warning,
            Failure{.code = Code::connection_lost,
                    .message = fmt::format("The broker at {} cancelled the consumer of the queue "
                                           "'{}', as it does when the queue is deleted, and one "
                                           "of 4.3 also when a request is not acknowledged within "
                                           "its consumer_timeout; declaring it again",
                                           link_->endpoint().display(), options_.queue)});
        retry(next_wait());
    }

    void channel_closed(const amqp::ChannelClosed& closed) {
        channel_ = 0;
        const bool is_over_reply = is_over(closed, amqp::BasicPublish::id);
        if (is_over_reply) {
            shared_replies_.channel_closed(closed);
        }
        const Failure why =
            explain(closed, link_->endpoint(), is_over_reply ? "A reply" : declarations_.oldest());
        log_line(LogLevel::error, why);
        retry(next_wait());
        lose(why);
    }

    void lose(const Failure& why) {
        end_flush();
        watch_.stop();
        consumer_tag_.clear();
        declarations_.clear();
        unsettled_.clear();
        asked_ = false;
        if (std::exchange(announced_, false)) {
            sink_->on_lost(generation_, why);
        }
        if (stopping_) {
            stopped();
        }
    }

    void deliver(const amqp::Delivery& delivery) {
        if (stopping_) {
            return refuse(delivery.delivery_tag);
        }
        if (own_replies_ && !delivery.redelivered) {
            own_replies_->seen(delivery.properties.reply_to.value_or(std::string_view{}));
        }
        unsettled_.delivered(delivery.delivery_tag);
        arena_.reset();
        sink_->on_delivery({.generation = generation_, .tag = delivery.delivery_tag},
                           to_view(delivery, arena_));
    }

    void refuse(std::uint64_t tag) {
        (void)link_->core().basic_nack(channel_, {.delivery_tag = tag, .requeue = true});
        link_->touch();
    }

    /// out  false: it goes apart, and the sink hears of it before it is acknowledged
    bool publish(DeliveryId delivery, const protocol::MessageView& reply) {
        if (own_replies_) {
            // On another channel: an acknowledgement may be read where a reply is not.
            own_replies_->publish(delivery, reply);
            return false;
        }
        return shared_replies_.publish(delivery, reply);
    }

    void flush_acknowledgements() {
        unsettled_.flush([this](std::uint64_t tag, bool multiple) {
            (void)link_->core().basic_ack(channel_, {.delivery_tag = tag, .multiple = multiple});
        });
    }

    /// Consuming that lasted starts a new row of attempts.
    std::chrono::milliseconds next_wait() {
        constexpr std::chrono::seconds lasting{10};
        if (link_->executor().now() - consuming_since_ > lasting) {
            backoff_.reset();
        }
        return backoff_.next();
    }

    void log_line(LogLevel level, const Failure& failure) {
        std::string line = to_string(failure);
        if (link_->log() != nullptr && line != last_line_) {
            last_line_ = std::move(line);
            link_->log()->write(level, last_line_);
        }
    }

    const std::shared_ptr<Link> link_;
    const AmqpServerOptions options_;
    runtime::ServerSink* sink_ = nullptr;
    Backoff backoff_;
    runtime::Executor::TimerId retry_timer_ = 0;
    runtime::TimePoint consuming_since_{};

    amqp::ChannelNumber channel_ = 0;  // 0: none
    std::uint64_t generation_ = 0;     // of the channel
    bool announced_ = false;           // the sink knows of the generation
    bool stopping_ = false;
    bool stop_reported_ = false;
    bool asked_ = false;
    std::move_only_function<void()> flushed_;
    std::string consumer_tag_;  // empty: not consuming
    Declarations declarations_;
    AckBatch unsettled_;
    SharedReplies shared_replies_{*link_, channel_};
    std::optional<ReplyChannel> own_replies_;  // none: they share the channel
    TopologyWatch watch_;
    Arena arena_;
    std::string last_line_;
};

AmqpServerTransport::AmqpServerTransport(std::shared_ptr<Link> link, AmqpServerOptions options)
    : impl_{std::make_shared<Impl>(std::move(link), std::move(options))} {}

AmqpServerTransport::~AmqpServerTransport() {
    impl_->end();
}

void AmqpServerTransport::start(runtime::ServerSink& sink) {
    impl_->start(sink);
}

runtime::Executor& AmqpServerTransport::executor() noexcept {
    return impl_->link().executor();
}

Settlement AmqpServerTransport::settle(DeliveryId delivery, const protocol::MessageView* reply) {
    return impl_->settle(delivery, reply);
}

void AmqpServerTransport::requeue(DeliveryId delivery) {
    impl_->requeue(delivery);
}

void AmqpServerTransport::flush(std::move_only_function<void()> flushed) {
    impl_->flush(std::move(flushed));
}

bool AmqpServerTransport::ask() {
    return impl_->ask_what_was_read();
}

void AmqpServerTransport::stop_consuming() {
    impl_->stop_consuming();
}

Link& AmqpServerTransport::link() noexcept {
    return impl_->link();
}

}  // namespace warren::transport
