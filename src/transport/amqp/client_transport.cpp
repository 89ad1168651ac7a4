#include "transport/amqp/client_transport.hpp"

#include <warren/arena.hpp>

#include "amqp/reply_code.hpp"
#include "transport/amqp/alarm_test.hpp"
#include "transport/amqp/backoff.hpp"
#include "transport/amqp/consumer_counts.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_bindings.hpp"
#include "transport/amqp/reply_queue.hpp"
#include "transport/amqp/sent_requests.hpp"
#include "transport/amqp/topology_watch.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace warren::transport {

using runtime::RepliesSurvive;

namespace {

/// A binding that was lost is asked for again with the call that finds it so.
constexpr std::chrono::milliseconds rebinding_pause{100};

}  // namespace

/// Three channels: replies are consumed on one, requests published on another (in mode direct: on
/// the same), bindings made on a third. So a request to an exchange that is gone closes a channel
/// that nothing but requests depend on. What the port only wants to know, it asks on further ones,
/// and goes without where there are none.
class AmqpClientTransport::Impl final
    : public LinkUser,
      public ReplyBindingsUser,
      public std::enable_shared_from_this<AmqpClientTransport::Impl> {
public:
    Impl(std::shared_ptr<Link> link, AmqpClientOptions options)
        : link_{std::move(link)},
          replies_{std::move(options)},
          bindings_{*link_,
                    replies_.is_direct() || replies_.is_configured() ? ReplyBindings::Need::exchange
                                                                     : ReplyBindings::Need::binding,
                    *this},
          requests_{link_->endpoint()} {}

    bool count_consumers(std::uint64_t token, std::string_view queue) {
        return ready_ && consumers_.ask(token, queue);
    }

    Link& link() noexcept { return *link_; }

    void start(runtime::ClientSink& sink) {
        sink_ = &sink;
        requests_.report_to(sink);
        link_->attach(*this);
    }

    void end() {
        link_->executor().cancel(retry_timer_);
        link_->detach(*this);
        if (ready_ && !replies_.queue_to_delete().empty()) {
            (void)link_->core().queue_delete(reply_channel_, {.queue = replies_.queue_to_delete()});
        }
        close_channels();
        suspend();
    }

    void publish(std::uint64_t token, const protocol::MessageView& request) {
        if (!ready_) {
            return refuse(token, {.code = Code::no_responder,
                                  .message = fmt::format("Not sent: no connection to {}",
                                                         link_->endpoint().display())});
        }
        if (!replies_.is_configured() && bindings_.is_broken(request.exchange)) {
            return no_responder(
                token, fmt::format("The exchange '{}' was missing at {}, and replies through it "
                                   "cannot come back yet",
                                   request.exchange, link_->endpoint().display()));
        }
        if (protocol::is_direct_reply(request.routing_key)) {
            // The broker may end the connection over one that it cannot read.
            return refuse(token, {.code = Code::invalid_request,
                                  .message = "The names amq.rabbitmq.reply-to... are of callers: "
                                             "no server's queue has one"});
        }
        amqp::BasicProperties properties = to_properties(request);
        if (replies_.is_durable()) {
            // Whoever waits for a reply across a restart needs the request to come through it.
            properties.delivery_mode = persistent;
        }
        const auto number = link_->core().basic_publish(
            publish_channel_,
            {.exchange = request.exchange, .routing_key = request.routing_key, .mandatory = true},
            properties, request.body, request.headers);
        if (!number) {
            return refuse(token, explain(number.error(), "The request"));
        }
        requests_.published(*number, token, request);
        link_->touch();
    }

    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) {
        if (bindings.empty()) {
            return later([token](Impl& self) { self.sink_->on_bound(token, nullptr); });
        }
        later([token, asked = std::move(bindings)](Impl& self) mutable {
            self.bindings_.bind(token, std::move(asked));
        });
    }

    void on_up() override { open(); }

    void on_down(const Failure& why) override {
        reply_channel_ = publish_channel_ = 0;
        lose(why, replies_.survival());
    }

    void on_attempt_failed(const Failure& why, RetryClass retry) override {
        if (retry == RetryClass::permanent) {
            sink_->on_failed(why);
        } else {
            sink_->on_lost(why, replies_.survival());
        }
    }

    void on_blocked(std::string_view reason) override {
        blocked_ = reason;
        if (ready_) {
            return sink_->on_blocked(reason);
        }
        alarm_ = Alarm::known;
        check_ready();
    }

    void on_unblocked() override {
        blocked_.reset();
        if (ready_) {
            sink_->on_unblocked();
        }
    }

    void before_write() override {
        if (const std::uint64_t tag = std::exchange(acknowledge_to_, 0); tag != 0) {
            (void)link_->core().basic_ack(reply_channel_, {.delivery_tag = tag, .multiple = true});
        }
    }

    void on_bound(std::uint64_t token, const Failure* refused) override {
        sink_->on_bound(token, refused);
    }

    void on_bindings_restored() override {
        restored_ = true;
        check_ready();
    }

private:
    /// Whether the broker takes messages.
    enum class Alarm : std::uint8_t { untested, in_test, known };

    /// Hands the events of one channel to a function.
    class Route final : public ChannelUser {
    public:
        Route(Impl& impl, void (Impl::*handle)(const amqp::Event&))
            : impl_{impl}, handle_{handle} {}
        void on_channel_event(const amqp::Event& event) override { (impl_.*handle_)(event); }

    private:
        Impl& impl_;
        void (Impl::*handle_)(const amqp::Event&);
    };

    template <typename Function>
    void later(Function function) {
        link_->executor().post([weak = weak_from_this(), function = std::move(function)]() mutable {
            if (const auto self = weak.lock()) {
                function(*self);
            }
        });
    }

    void refuse(std::uint64_t token, Failure why) {
        later([token, refused = std::move(why)](Impl& self) {
            self.sink_->on_refused(token, refused);
        });
    }

    void no_responder(std::uint64_t token, std::string why) {
        later([token, returned = Failure{.code = Code::no_responder,
                                         .message = std::move(why),
                                         .retry_after = rebinding_pause}](Impl& self) {
            self.sink_->on_returned(token, returned);
        });
    }

    // The way up: everything is asked for at once, and ready is when everything is there.

    void open() {
        const auto reply_channel = link_->open_channel(reply_route_);
        if (!reply_channel) {
            return fail(explain(reply_channel.error(), "A channel for replies"));
        }
        reply_channel_ = *reply_channel;
        consuming_ = confirming_ = restored_ = false;
        alarm_ = blocked_ ? Alarm::known : Alarm::untested;
        const auto asked = replies_.ask(link_->core(), reply_channel_, declarations_);
        if (!asked) {
            return fail(asked.error());
        }
        open_publish_channel();
        if (replies_.is_direct()) {
            reply_address_ = ReplyQueue::direct_reply_to;
            bindings_.restore(reply_address_);
        }
    }

    /// Requests may follow at once: the broker works off a channel in order.
    void open_publish_channel() {
        publish_channel_ = reply_channel_;
        if (!replies_.is_direct()) {
            const auto channel = link_->open_channel(publish_route_);
            if (!channel) {
                return fail(explain(channel.error(), "A channel for requests"));
            }
            publish_channel_ = *channel;
        }
        requests_.clear();
        (void)link_->core().confirm_select(publish_channel_);
        link_->touch();
    }

    void check_ready() {
        if (ready_ || !consuming_ || !confirming_ || !restored_) {
            return;
        }
        // Last, because a broker that is blocked reads nothing that comes after it.
        if (alarm_ == Alarm::untested) {
            alarm_ = alarm_test_.start() ? Alarm::in_test : Alarm::known;
        }
        if (alarm_ == Alarm::in_test) {
            return;
        }
        has_consumed_ = true;
        ready_ = true;
        backoff_.reset();
        watch_.start(replies_.topology(), "", [this] { bindings_.refresh(); });
        sink_->on_ready(reply_address_);
        if (blocked_) {
            sink_->on_blocked(*blocked_);
        }
    }

    // The way down.

    void close_channels() {
        if (publish_channel_ != reply_channel_ && publish_channel_ != 0) {
            link_->close_channel(publish_channel_);
        }
        if (reply_channel_ != 0) {
            link_->close_channel(reply_channel_);
        }
        reply_channel_ = publish_channel_ = 0;
    }

    void lose(const Failure& why, RepliesSurvive replies) {
        ready_ = false;
        acknowledge_to_ = 0;
        link_->executor().cancel(retry_timer_);
        close_channels();
        suspend();
        declarations_.clear();
        requests_.clear();
        if (!link_->up()) {
            blocked_.reset();
        }
        sink_->on_lost(why, replies);
    }

    void suspend() {
        bindings_.suspend();
        consumers_.suspend();
        alarm_test_.stop();
        watch_.stop();
    }

    /// What we need is refused: a person has to act, and until then a slow try may find that one
    /// has. What another client has is free as soon as that one ends.
    void fail(const Failure& why) {
        lose(why, replies_.survival());
        sink_->on_failed(why);
        retry(why.code == Code::conflict ? backoff_.next() : backoff_.next_refused());
    }

    void retry(std::chrono::milliseconds wait) {
        retry_timer_ =
            link_->executor().post_at(link_->executor().now() + wait, [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (self != nullptr && self->link_->up()) {
                    self->open();
                }
            });
    }

    // The channel of replies.

    void on_reply_event(const amqp::Event& event) {
        if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
            return deliver(*delivery);
        }
        declarations_.answered(event);
        if (const auto* declared = std::get_if<amqp::QueueDeclared>(&event)) {
            reply_address_ = replies_.address(declared->queue);
            bindings_.restore(declared->queue);
        } else if (std::holds_alternative<amqp::ConsumeStarted>(event)) {
            consuming_ = true;
            check_ready();
        } else if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
            lose({.code = Code::connection_lost,
                  .message = fmt::format("The reply queue '{}' at {} was deleted", reply_address_,
                                         link_->endpoint().display())},
                 RepliesSurvive::no);
            retry(backoff_.next());
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            reply_channel_closed(*closed);
        } else if (replies_.is_direct()) {
            on_publish_event(event);
        }
    }

    void deliver(const amqp::Delivery& delivery) {
        if (replies_.is_durable()) {
            acknowledge_to_ = delivery.delivery_tag;
        }
        arena_.reset();
        sink_->on_reply(to_view(delivery, arena_));
    }

    void reply_channel_closed(const amqp::ChannelClosed& closed) {
        const std::string blamed = declarations_.oldest();
        const Failure why = explain(closed, link_->endpoint(), blamed);
        reply_channel_ = 0;
        if (replies_.is_direct()) {
            publish_channel_ = 0;
            ready_ = false;
            settle(requests_.take(), closed);
        }
        // Our own consumer of before the connection was lost may linger.
        const bool is_passing = why.code == Code::conflict && has_consumed_;
        if (!blamed.empty() && !is_passing) {
            return fail(why);
        }
        lose(why, replies_.survival());
        retry(backoff_.next());
    }

    // The channel of requests.

    void on_publish_event(const amqp::Event& event) {
        if (const auto* confirmed = std::get_if<amqp::Confirmed>(&event)) {
            requests_.confirmed(*confirmed);
        } else if (const auto* returned = std::get_if<amqp::Returned>(&event)) {
            requests_.returned(*returned);
        } else if (std::holds_alternative<amqp::ConfirmSelected>(event)) {
            confirming_ = true;
            check_ready();
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            publish_channel_closed(*closed);
        }
    }

    void publish_channel_closed(const amqp::ChannelClosed& closed) {
        SentRequests::Consumed old = requests_.take();
        // First, because who hears of the old requests may send new ones.
        open_publish_channel();
        settle(std::move(old), closed);
    }

    void settle(SentRequests::Consumed requests, const amqp::ChannelClosed& closed) {
        if (const std::string_view exchange = SentRequests::missing_exchange(closed);
            !exchange.empty()) {
            bindings_.exchange_is_gone(exchange);
        }
        requests_.channel_closed(std::move(requests), closed);
    }

    const std::shared_ptr<Link> link_;
    ReplyQueue replies_;
    runtime::ClientSink* sink_ = nullptr;
    Backoff backoff_;
    runtime::Executor::TimerId retry_timer_ = 0;

    Route reply_route_{*this, &Impl::on_reply_event};
    Route publish_route_{*this, &Impl::on_publish_event};
    amqp::ChannelNumber reply_channel_ = 0;  // 0: none
    amqp::ChannelNumber publish_channel_ = 0;
    ReplyBindings bindings_;
    ConsumerCounts consumers_{
        *link_, [this](std::uint64_t token, const std::expected<std::uint32_t, Failure>& count) {
            sink_->on_consumers(token, count);
        }};
    AlarmTest alarm_test_{*link_, [this] {
                              alarm_ = Alarm::known;
                              check_ready();
                          }};
    TopologyWatch watch_{*link_, [this](LogLevel level, const Failure& failure) {
                             if (link_->log() != nullptr) {
                                 link_->log()->write(level, to_string(failure));
                             }
                         }};
    Declarations declarations_;  // of the channel of replies
    SentRequests requests_;
    std::string reply_address_;
    bool consuming_ = false;
    bool confirming_ = false;
    bool restored_ = false;
    Alarm alarm_ = Alarm::untested;
    bool has_consumed_ = false;  // in whichever life of the connection
    bool ready_ = false;
    std::optional<std::string> blocked_;
    std::uint64_t acknowledge_to_ = 0;  // replies up to this one, at the end of the turn
    Arena arena_;
};

AmqpClientTransport::AmqpClientTransport(std::shared_ptr<Link> link, AmqpClientOptions options)
    : impl_{std::make_shared<Impl>(std::move(link), std::move(options))} {}

AmqpClientTransport::~AmqpClientTransport() {
    impl_->end();
}

void AmqpClientTransport::start(runtime::ClientSink& sink) {
    impl_->start(sink);
}

runtime::Executor& AmqpClientTransport::executor() noexcept {
    return impl_->link().executor();
}

void AmqpClientTransport::publish(std::uint64_t token, const protocol::MessageView& request) {
    impl_->publish(token, request);
}

void AmqpClientTransport::bind_replies(std::uint64_t token,
                                       std::vector<protocol::Binding> bindings) {
    impl_->bind_replies(token, std::move(bindings));
}

bool AmqpClientTransport::count_consumers(std::uint64_t token, std::string_view queue) {
    return impl_->count_consumers(token, queue);
}

std::string AmqpClientTransport::progress() const {
    return std::string{impl_->link().progress()};
}

Link& AmqpClientTransport::link() noexcept {
    return impl_->link();
}

}  // namespace warren::transport
