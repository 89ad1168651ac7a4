#include "transport/amqp/client_port.hpp"

#include <warren/arena.hpp>

#include "amqp/reply_code.hpp"
#include "core/uuid.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/publish_window.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_bindings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>

namespace warren::transport {

using runtime::RepliesSurvive;

namespace {

constexpr std::string_view direct_reply_to = "amq.rabbitmq.reply-to";

}  // namespace

/// Three channels: replies are consumed on one, requests published on another (in mode direct: on
/// the same), bindings made on a third. So a request to an exchange that is gone closes a channel
/// that nothing but requests depend on.
class AmqpClientPort::Impl final : public LinkUser,
                                   public ReplyBindingsUser,
                                   public std::enable_shared_from_this<AmqpClientPort::Impl> {
public:
    Impl(std::shared_ptr<Link> link, AmqpClientOptions options)
        : link_{std::move(link)},
          options_{std::move(options)},
          bindings_{*link_,
                    is_direct() ? ReplyBindings::Need::exchange : ReplyBindings::Need::binding,
                    *this} {
        if (options_.reply_mode == ReplyMode::durable && options_.reply_queue.empty()) {
            options_.reply_queue = "warren.reply." + random_name();
        }
    }

    Link& link() noexcept { return *link_; }

    void start(runtime::ClientSink& sink) {
        sink_ = &sink;
        link_->attach(*this);
    }

    void end() {
        link_->executor().cancel(retry_timer_);
        link_->detach(*this);
        close_channels();
        bindings_.suspend();
    }

    void publish(std::uint64_t token, const protocol::Envelope& request) {
        if (!ready_) {
            return refuse(token, {.code = Code::connection_lost,
                                  .message = fmt::format("Not sent: no connection to {}",
                                                         link_->endpoint().display())});
        }
        if (bindings_.is_broken(request.exchange)) {
            return no_responder(
                token, fmt::format("The exchange '{}' was missing at {}, and replies through it "
                                   "cannot come back yet",
                                   request.exchange, link_->endpoint().display()));
        }
        amqp::BasicProperties properties = to_properties(request);
        if (is_durable()) {
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
        const std::uint64_t exchange = PublishWindow::hash_exchange(request.exchange);
        window_.published(*number, {.token = token,
                                    .address_hash = PublishWindow::hash_address(
                                        exchange, request.routing_key, request.correlation_id),
                                    .exchange_hash = exchange});
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
        lose(why, survival());
    }

    void on_attempt_failed(const Failure& why, Refusal refusal) override {
        if (refusal == Refusal::permanent) {
            sink_->on_failed(why);
        } else {
            sink_->on_lost(why, survival());
        }
    }

    void on_blocked(std::string_view reason) override {
        blocked_ = reason;
        if (ready_) {
            sink_->on_blocked(reason);
        }
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

    static std::string random_name() {
        std::random_device random;
        std::array<std::uint8_t, 16> octets{};
        std::ranges::generate(octets, [&] { return static_cast<std::uint8_t>(random()); });
        return core::to_string(core::uuid_from_random(octets));
    }

    bool is_direct() const noexcept { return options_.reply_mode == ReplyMode::direct; }
    bool is_durable() const noexcept { return options_.reply_mode == ReplyMode::durable; }
    RepliesSurvive survival() const noexcept {
        return is_durable() ? RepliesSurvive::yes : RepliesSurvive::no;
    }

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
        later([token, returned = Failure{.code = Code::no_responder, .message = std::move(why)}](
                  Impl& self) { self.sink_->on_returned(token, returned); });
    }

    // The way up: everything is asked for at once, and ready is when everything is there.

    void open() {
        const auto reply_channel = link_->open_channel(reply_route_);
        if (!reply_channel) {
            return fail(explain(reply_channel.error(), "A channel for replies"));
        }
        reply_channel_ = *reply_channel;
        consuming_ = confirming_ = restored_ = false;
        const auto asked = ask_for_replies();
        if (!asked) {
            return fail(asked.error());
        }
        open_publish_channel();
        if (is_direct()) {
            reply_address_ = direct_reply_to;
            bindings_.restore(reply_address_);
        }
    }

    std::expected<void, Failure> ask_for_replies() {
        amqp::ConnectionCore& core = link_->core();
        if (is_direct()) {
            return declarations_.consume(core, reply_channel_,
                                         {.queue = direct_reply_to, .no_ack = true});
        }
        protocol::Queue queue{.exclusive = true, .auto_delete = true};
        if (is_durable()) {
            queue = {.name = options_.reply_queue, .durable = true};
            queue.arguments = Dynamic::map({{"x-expires", options_.reply_queue_expires.count()}});
        }
        const auto declared = declarations_.declare(core, reply_channel_, queue);
        // Without a name this means the queue declared last.       [AMQP 0-9-1 1.7.2.3]
        return declared ? declarations_.consume(core, reply_channel_,
                                                {.queue = queue.name, .no_ack = !is_durable()})
                        : declared;
    }

    /// Requests may follow at once: the broker works off a channel in order.
    void open_publish_channel() {
        publish_channel_ = reply_channel_;
        if (!is_direct()) {
            const auto channel = link_->open_channel(publish_route_);
            if (!channel) {
                return fail(explain(channel.error(), "A channel for requests"));
            }
            publish_channel_ = *channel;
        }
        window_.clear();
        (void)link_->core().confirm_select(publish_channel_);
        link_->touch();
    }

    void check_ready() {
        if (!ready_ && consuming_ && confirming_ && restored_) {
            ready_ = true;
            backoff_.reset();
            sink_->on_ready(reply_address_);
            if (blocked_) {
                sink_->on_blocked(*blocked_);
            }
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
        bindings_.suspend();
        declarations_.clear();
        window_.clear();
        if (!link_->up()) {
            blocked_.reset();
        }
        sink_->on_lost(why, replies);
    }

    /// What we need is refused: a person has to act, and until then a slow try may find that one
    /// has.
    void fail(const Failure& why) {
        lose(why, survival());
        sink_->on_failed(why);
        retry(backoff_.next_refused());
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
            reply_address_ = declared->queue;
            bindings_.restore(reply_address_);
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
        } else if (is_direct()) {
            on_publish_event(event);
        }
    }

    void deliver(const amqp::Delivery& delivery) {
        if (is_durable()) {
            acknowledge_to_ = delivery.delivery_tag;
        }
        arena_.reset();
        sink_->on_reply(to_envelope(delivery, arena_));
    }

    void reply_channel_closed(const amqp::ChannelClosed& closed) {
        const std::string blamed = declarations_.oldest();
        const Failure why = explain(closed, link_->endpoint(), blamed);
        reply_channel_ = 0;
        if (is_direct()) {
            publish_channel_ = 0;
            ready_ = false;
            PublishWindow old;
            std::swap(old, window_);
            settle(old, closed);
        }
        if (!blamed.empty()) {
            return fail(why);
        }
        lose(why, survival());
        retry(backoff_.next());
    }

    // The channel of requests.

    void on_publish_event(const amqp::Event& event) {
        if (const auto* confirmed = std::get_if<amqp::Confirmed>(&event)) {
            confirm(*confirmed);
        } else if (const auto* returned = std::get_if<amqp::Returned>(&event)) {
            give_back(*returned);
        } else if (std::holds_alternative<amqp::ConfirmSelected>(event)) {
            confirming_ = true;
            check_ready();
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            publish_channel_closed(*closed);
        }
    }

    void confirm(const amqp::Confirmed& confirmed) {
        if (confirmed.outcome == amqp::Outcome::ack) {
            return window_.confirmed(confirmed.delivery_tag, confirmed.multiple,
                                     [this](std::uint64_t token) { sink_->on_accepted(token); });
        }
        const Failure why{.code = Code::overloaded,
                          .message = fmt::format("The broker at {} did not take the request: its "
                                                 "queue is full (x-overflow), or failed",
                                                 link_->endpoint().display())};
        window_.confirmed(confirmed.delivery_tag, confirmed.multiple,
                          [&](std::uint64_t token) { sink_->on_refused(token, why); });
    }

    void give_back(const amqp::Returned& returned) {
        const auto token = window_.returned(PublishWindow::hash_address(
            PublishWindow::hash_exchange(returned.exchange), returned.routing_key,
            returned.properties.correlation_id.value_or(std::string_view{})));
        if (!token) {
            return;
        }
        const std::string exchange = returned.exchange.empty()
                                         ? std::string{"the default exchange"}
                                         : fmt::format("the exchange '{}'", returned.exchange);
        sink_->on_returned(
            *token,
            {.code = Code::no_responder,
             .message = fmt::format("No queue takes requests for '{}' from {} at {}: is "
                                    "the server running?",
                                    returned.routing_key, exchange, link_->endpoint().display()),
             .peer_text = peer_words(returned.text)});
    }

    void publish_channel_closed(const amqp::ChannelClosed& closed) {
        PublishWindow old;
        std::swap(old, window_);
        // First, because who hears of the old requests may send new ones.
        open_publish_channel();
        settle(old, closed);
    }

    /// Say what became of the requests of a closed channel. When one was refused, what came before
    /// it may have been taken, and what came after was dropped.
    void settle(PublishWindow& window, const amqp::ChannelClosed& closed) {
        const std::string_view exchange = quoted_after(closed.text, "exchange ");
        const bool over_publish = is_over(closed, amqp::BasicPublish::id) && !exchange.empty();
        const std::uint64_t blamed =
            PublishWindow::hash_exchange(exchange == "amq.default" ? std::string_view{} : exchange);
        const Failure refused =
            explain(closed, link_->endpoint(),
                    fmt::format("A request through the exchange '{}'", exchange));
        if (over_publish && closed.code == amqp::reply_code::not_found) {
            bindings_.exchange_is_gone(exchange);
        }
        Failure dragged{.code = Code::connection_lost,
                        .message = fmt::format("The broker at {} closed the channel over another "
                                               "request",
                                               link_->endpoint().display()),
                        .peer_text = peer_words(closed.text)};
        window.close([&](const PublishWindow::Message& message) {
            if (!over_publish || message.exchange_hash != blamed) {
                sink_->on_refused(message.token, dragged);
            } else if (closed.code == amqp::reply_code::not_found) {
                sink_->on_returned(message.token, refused);
            } else {
                sink_->on_refused(message.token, refused);
            }
        });
    }

    const std::shared_ptr<Link> link_;
    AmqpClientOptions options_;
    runtime::ClientSink* sink_ = nullptr;
    Backoff backoff_{{}};
    runtime::Executor::TimerId retry_timer_ = 0;

    Route reply_route_{*this, &Impl::on_reply_event};
    Route publish_route_{*this, &Impl::on_publish_event};
    amqp::ChannelNumber reply_channel_ = 0;  // 0: none
    amqp::ChannelNumber publish_channel_ = 0;
    ReplyBindings bindings_;
    Declarations declarations_;  // of the channel of replies
    PublishWindow window_;
    std::string reply_address_;
    bool consuming_ = false;
    bool confirming_ = false;
    bool restored_ = false;
    bool ready_ = false;
    std::optional<std::string> blocked_;
    std::uint64_t acknowledge_to_ = 0;  // replies up to this one, at the end of the turn
    Arena arena_;
};

AmqpClientPort::AmqpClientPort(std::shared_ptr<Link> link, AmqpClientOptions options)
    : impl_{std::make_shared<Impl>(std::move(link), std::move(options))} {}

AmqpClientPort::~AmqpClientPort() {
    impl_->end();
}

void AmqpClientPort::start(runtime::ClientSink& sink) {
    impl_->start(sink);
}

runtime::Executor& AmqpClientPort::executor() noexcept {
    return impl_->link().executor();
}

void AmqpClientPort::publish(std::uint64_t token, const protocol::Envelope& request) {
    impl_->publish(token, request);
}

void AmqpClientPort::bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) {
    impl_->bind_replies(token, std::move(bindings));
}

Link& AmqpClientPort::link() noexcept {
    return impl_->link();
}

}  // namespace warren::transport
