#include "transport/amqp/client_transport.hpp"

#include <warren/arena.hpp>

#include "core/while_alive.hpp"
#include "transport/amqp/alarm_test.hpp"
#include "transport/amqp/backoff.hpp"
#include "transport/amqp/consumer_counts.hpp"
#include "transport/amqp/control_channel.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_bindings.hpp"
#include "transport/amqp/request_channel.hpp"
#include "transport/amqp/topology_watch.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace warren::transport {

using runtime::RepliesSurvive;

namespace {

/// A binding that was lost is asked for again with the call that finds it so.
constexpr std::chrono::milliseconds rebinding_pause{100};

/// Three channels: replies are consumed on one, requests published on another (in mode direct: on
/// the same), bindings made on a third. So a request to an exchange that is gone closes a channel
/// that nothing but requests depend on. What the transport only wants to know, it asks on further
/// ones, and goes without where there are none.
class AmqpClientTransportImpl final : public AmqpClientTransport,
                                      public LinkUser,
                                      public ChannelUser,
                                      public ReplyBindingsUser,
                                      public RequestChannelUser {
public:
    AmqpClientTransportImpl(std::shared_ptr<Link> link, AmqpClientOptions options)
        : link_{std::move(link)},
          replies_{std::move(options)},
          // Whoever waits for a reply across a restart needs the request to come through it.
          requests_{*link_, replies_.is_durable() ? std::optional{persistent} : std::nullopt,
                    *this},
          bindings_{*link_,
                    replies_.is_direct() || replies_.is_configured() ? ReplyBindings::Need::exchange
                                                                     : ReplyBindings::Need::binding,
                    *this} {}

    ~AmqpClientTransportImpl() override {
        link_->executor().cancel(retry_timer_);
        link_->detach(*this);
        // Behind a consumer that is refused, as the queue is another's, the broker reads no more.
        if (reply_channel_ != 0 && !replies_.queue_to_delete().empty()) {
            (void)link_->core().queue_delete(reply_channel_, {.queue = replies_.queue_to_delete()});
        }
        close_channels();
    }

    void start(runtime::ClientSink& sink) override {
        sink_ = &sink;
        requests_.report_to(sink);
        link_->attach(*this);
    }

    runtime::Executor& executor() noexcept override { return link_->executor(); }
    std::string_view return_key() const noexcept override { return replies_.return_key(); }
    std::string progress() const override { return std::string{link_->progress()}; }

    void publish(std::uint64_t token, const protocol::MessageView& request) override {
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
        if (auto published = requests_.publish(token, request); !published) {
            refuse(token, std::move(published.error()));
        }
    }

    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override {
        if (bindings.empty()) {
            return later([this, token] { sink_->on_bound(token, nullptr); });
        }
        later([this, token, asked = std::move(bindings)]() mutable {
            bindings_.bind(token, std::move(asked));
        });
    }

    bool count_consumers(std::uint64_t token, std::string_view queue) override {
        return ready_ && consumers_.ask(token, queue);
    }

    void send_control(const protocol::MessageView& message) override { control_.send(message); }

    /// Everything is asked for at once, and ready is when everything is there.
    void on_up() override {
        const auto reply_channel = link_->open_channel(*this);
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
        requests_.open(replies_.is_direct() ? reply_channel_ : amqp::ChannelNumber{0});
        if (replies_.is_direct()) {
            reply_address_ = ReplyQueue::direct_reply_to;
            bindings_.restore(reply_address_);
        }
    }

    void on_down(const Failure& why) override { lose(why, replies_.survival()); }

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

    void on_confirming() override {
        confirming_ = true;
        check_ready();
    }

    void on_exchange_gone(std::string_view exchange) override {
        bindings_.exchange_is_gone(exchange);
    }
    void on_no_channel(const Failure& why) override { fail(why); }

    /// Of the channel of replies.
    void on_channel_event(const amqp::Event& event) override {
        if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
            return deliver(*delivery);
        }
        declarations_.answered(event);
        if (const auto* declared = std::get_if<amqp::QueueDeclared>(&event)) {
            reply_queue_ = declared->queue;
            reply_address_ = replies_.address(declared->queue);
            bindings_.restore(declared->queue);
        } else if (std::holds_alternative<amqp::ConsumeStarted>(event)) {
            consuming_ = true;
            check_ready();
        } else if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
            reply_queue_gone();
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            reply_channel_closed(*closed);
        } else if (replies_.is_direct()) {
            requests_.on_channel_event(event);
        }
    }

private:
    /// Whether the broker takes messages.
    enum class Alarm : std::uint8_t { untested, in_test, known };

    template <typename Function>
    void later(Function function) {
        link_->executor().post(core::while_alive(std::weak_ptr{life_}, std::move(function)));
    }

    void refuse(std::uint64_t token, Failure why) {
        later([this, token, refused = std::move(why)] { sink_->on_refused(token, refused); });
    }

    void no_responder(std::uint64_t token, std::string why) {
        later([this, token,
               returned = Failure{.code = Code::no_responder,
                                  .message = std::move(why),
                                  .retry_after = rebinding_pause}] {
            sink_->on_returned(token, returned);
        });
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
        watch_.start(replies_.topology(), reply_queue_, [this] { bindings_.refresh(); });
        // First, because calls that wait are sent as soon as they may be.
        if (blocked_) {
            sink_->on_blocked(*blocked_);
        }
        sink_->on_ready(reply_address_);
    }

    void deliver(const amqp::Delivery& delivery) {
        if (replies_.is_durable()) {
            acknowledge_to_ = delivery.delivery_tag;
        }
        arena_.reset();
        sink_->on_reply(to_view(delivery, arena_));
    }

    void reply_queue_gone() {
        lose({.code = Code::connection_lost,
              .message = fmt::format("The reply queue '{}' at {} was deleted", reply_address_,
                                     link_->endpoint().display())},
             RepliesSurvive::no);
        retry(backoff_.next());
    }

    void reply_channel_closed(const amqp::ChannelClosed& closed) {
        const std::string blamed = declarations_.oldest();
        const Failure why = explain(closed, link_->endpoint(), blamed);
        reply_channel_ = 0;
        if (replies_.is_direct()) {
            ready_ = false;
            requests_.shared_closed(closed);
        }
        // Our own consumer of before the connection was lost may linger.
        const bool is_passing = why.code == Code::conflict && has_consumed_;
        if (!blamed.empty() && !is_passing) {
            return fail(why);
        }
        lose(why, replies_.survival());
        retry(backoff_.next());
    }

    void lose(const Failure& why, RepliesSurvive replies) {
        ready_ = false;
        acknowledge_to_ = 0;
        link_->executor().cancel(retry_timer_);
        close_channels();
        declarations_.clear();
        if (!link_->up()) {
            blocked_.reset();
        }
        sink_->on_lost(why, replies);
    }

    void close_channels() {
        requests_.close();
        if (reply_channel_ != 0) {
            link_->close_channel(std::exchange(reply_channel_, amqp::ChannelNumber{0}));
        }
        bindings_.suspend();
        consumers_.suspend();
        control_.close();
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
        retry_timer_ = link_->executor().post_at(link_->executor().now() + wait,
                                                 core::while_alive(std::weak_ptr{life_}, [this] {
                                                     if (link_->up()) {
                                                         on_up();
                                                     }
                                                 }));
    }

    const std::shared_ptr<Link> link_;
    runtime::ClientSink* sink_ = nullptr;
    Backoff backoff_;
    runtime::Executor::TimerId retry_timer_ = 0;
    amqp::ChannelNumber reply_channel_ = 0;  // 0: none
    Declarations declarations_;              // of it
    ReplyQueue replies_;
    RequestChannel requests_;
    ReplyBindings bindings_;
    ConsumerCounts consumers_{
        *link_, [this](std::uint64_t token, const std::expected<std::uint32_t, Failure>& count) {
            sink_->on_consumers(token, count);
        }};
    ControlChannel control_{*link_};
    AlarmTest alarm_test_{*link_, [this] {
                              alarm_ = Alarm::known;
                              check_ready();
                          }};
    TopologyWatch watch_{*link_,
                         [this](LogLevel level, const Failure& failure) {
                             if (link_->log() != nullptr) {
                                 link_->log()->write(level, to_string(failure));
                             }
                         },
                         {.queue_gone = [this](const Failure&) { reply_queue_gone(); }}};
    std::string reply_queue_;  // empty: none
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
    std::shared_ptr<AmqpClientTransportImpl*> life_ =
        std::make_shared<AmqpClientTransportImpl*>(this);
};

}  // namespace

std::unique_ptr<AmqpClientTransport> make_amqp_client_transport(std::shared_ptr<Link> link,
                                                                AmqpClientOptions options) {
    return std::make_unique<AmqpClientTransportImpl>(std::move(link), std::move(options));
}

}  // namespace warren::transport
